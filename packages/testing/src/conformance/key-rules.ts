import { expectRows, item, loadRecords, needs, needsMoreThanSending } from './loading.ts';
import type { Rule } from './rule.ts';

/** Rules about records with equal keys. */
export const keyRules: Rule[] = [
  {
    id: 'destination/duplicate-keys',
    role: 'destination',
    title: 'The latest of several records with one key wins',
    why: 'sources send a record each time it changes; an older version must not win by chance',
    async run(ctx) {
      needs(ctx, 'merge');
      needsMoreThanSending(ctx);
      const records = [item(1, 'new', 3), item(1, 'old', 1), item(2, 'first', 2), item(2, 'second', 2)];
      await loadRecords(ctx, 'merge', { records });
      const after = 'a merge of two records for each key, ordered by cursor, then by position';
      await expectRows(ctx, { records: [item(1, 'new', 3), item(2, 'second', 2)], after });
    },
  },
  {
    id: 'destination/key-updates',
    role: 'destination',
    title: 'An older record does not replace a newer row',
    why: 'a run that is cleared and runs late would undo later changes',
    async run(ctx) {
      needs(ctx, 'merge');
      needsMoreThanSending(ctx);
      await loadRecords(ctx, 'merge', { records: [item(1, 'newest', 5), item(2, 'old', 1)] });
      await loadRecords(ctx, 'merge', { records: [item(1, 'older', 2), item(2, 'new', 2)] });
      const records = [item(1, 'newest', 5), item(2, 'new', 2)];
      await expectRows(ctx, { records, after: 'a merge of an older and a newer record' });
    },
  },
];
