import { expect, test } from 'vitest';
import { sourcePositions } from './source-positions.ts';

const yaml = `baseUrl: https://x # a comment
streams:
  issues:

    path: /issues
    primaryKey:
      - id
      - {
          deep: 1 }
`;

test('a path is at its key, in block and flow style; a missing one is where it would be', () => {
  const placeOf = sourcePositions(yaml, 'rest.yaml');
  const lines = [
    [],
    ['baseUrl'],
    ['streams'],
    ['streams', 'issues', 'path'],
    ['streams', 'issues', 'primaryKey', 1, 'deep'],
    ['streams', 'issues', 'schema'],
    ['nowhere', 'at', 'all'],
  ].map((path) => `${path.join('.')} ${placeOf(path)}`);
  expect(lines).toMatchInlineSnapshot(`
    [
      " rest.yaml:1",
      "baseUrl rest.yaml:1",
      "streams rest.yaml:2",
      "streams.issues.path rest.yaml:5",
      "streams.issues.primaryKey.1.deep rest.yaml:9",
      "streams.issues.schema rest.yaml:3",
      "nowhere.at.all rest.yaml:1",
    ]
  `);
});

test('JSON has lines, too', () => {
  expect(sourcePositions('{\n  "a": {\n    "b": [1,\n 2] } }', 'c.json')(['a', 'b', 1])).toBe('c.json:4');
});
