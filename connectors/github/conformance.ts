import { defineConformance } from '@aries-data/testing';
import { acme, commit, issue, pullRequest, stubbedGithub, TOKEN } from './src/testing/stubbed-github.ts';

export const source = defineConformance({
  config: { organization: 'acme', token: TOKEN },
  setup: () => stubbedGithub({ lists: acme() }),
  // Each step adds a record with the latest timestamp so far, adds one after that, and changes the first.
  mutate(step, { lists }) {
    const [latest, next] = [21 + step, 22 + step];
    const add = (path: string, make: (number: number, minute: number) => (typeof lists)[string][number]) => {
      const list = lists[`/repos/acme/app${path}`]!;
      if (path !== '/commits') list[0] = { ...list[0], ...make(0, next), id: list[0]!.id! };
      list.push(make(100 + step, latest), make(200 + step, next));
    };
    add('/issues', issue);
    add('/pulls', pullRequest);
    add('/commits', commit);
    const comment = (number: number, minute: number) => ({ ...issue(number, minute), id: 5000 + number });
    add('/issues/comments', comment);
    add('/pulls/comments', comment);
  },
});
