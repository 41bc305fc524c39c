import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const API = `baseUrl: https://api.example.com
pagination: { type: cursor, paramter: after }
streams:
  issues:
    path: /issues
    primaryKey: [idd]
    schema: { id: int64 }
  comments:
    path: /issues/{parent.id}/comments
    parent:
      stream: isues
`;

async function failureOf(argv: string[], folder: string): Promise<string[]> {
  const { code, result } = await runHere(argv);
  const { message } = (result as { error: { message: string } }).error;
  return [`exit ${code}`, ...message.replaceAll(`${folder}/`, '').split('; ')];
}

test('a mistake in a config file is reported with its line, for --config and in a pipeline', async () => {
  const folder = await temporaryFolder();
  const [config, pipeline] = [join(folder, 'rest.yaml'), join(folder, 'pipeline.yaml')];
  await writeFile(config, API);
  expect(await failureOf(['check', 'rest', '--config', `@${config}`], folder)).toMatchInlineSnapshot(`
    [
      "exit 78",
      "rest: config pagination.parameter is missing: expected string (cursor, page, offset: name of the parameter to send. Default: \`page\`, \`offset\`. With \`in: json\`, a place in the body: \`after\` or \`variables.after\`.) (rest.yaml:2)",
      "config pagination: expected exactly one of "place", "header" and "lastRecord", the place of the cursor (rest.yaml:2)",
      "config streams.issues.primaryKey[0]: "idd" is not in the schema, did you mean id? (rest.yaml:6)",
      "config streams.comments.parent.stream: there is no stream "isues", did you mean issues? (rest.yaml:11)",
      "unknown option pagination.paramter, did you mean parameter? (rest.yaml:2)",
    ]
  `);
  await writeFile(config, API.replace('paramter', 'place: /next, parameter'));
  expect(await failureOf(['check', 'rest', '--config', `@${config}`], folder)).toMatchInlineSnapshot(`
    [
      "exit 78",
      "rest: config streams.issues.primaryKey[0]: "idd" is not in the schema, did you mean id? (rest.yaml:6)",
      "config streams.comments.parent.stream: there is no stream "isues", did you mean issues? (rest.yaml:11)",
    ]
  `);

  const source = `  config:\n${API.replace(/^/gm, '    ')}`;
  await writeFile(
    pipeline,
    `name: issues\nsource:\n  use: rest\n${source}\ndestination:\n  use: duckdb\n  config: { path: x, pth: y }\n`,
  );
  expect(await failureOf(['run', pipeline], folder)).toMatchInlineSnapshot(`
    [
      "exit 78",
      "rest: config pagination.parameter is missing: expected string (cursor, page, offset: name of the parameter to send. Default: \`page\`, \`offset\`. With \`in: json\`, a place in the body: \`after\` or \`variables.after\`.) (pipeline.yaml:6)",
      "config pagination: expected exactly one of "place", "header" and "lastRecord", the place of the cursor (pipeline.yaml:6)",
      "config streams.issues.primaryKey[0]: "idd" is not in the schema, did you mean id? (pipeline.yaml:10)",
      "config streams.comments.parent.stream: there is no stream "isues", did you mean issues? (pipeline.yaml:15)",
      "unknown option pagination.paramter, did you mean parameter? (pipeline.yaml:6)",
    ]
  `);
});
