import type { Destination, LoadSession } from '../../destination.ts';
import type { RuleContext } from './rule.ts';

/** The same context, with a destination whose sessions differ in some functions from those that it opens. */
export function withSession(ctx: RuleContext, change: (session: LoadSession) => Partial<LoadSession>): RuleContext {
  const destination = ctx.connector.destination!;
  const changed: Destination = {
    ...destination,
    async open(options) {
      const session = await destination.open(options);
      const bound: LoadSession = {
        ledger: session.ledger.bind(session),
        inspect: session.inspect.bind(session),
        open: session.open.bind(session),
        commit: session.commit.bind(session),
        forget: session.forget.bind(session),
        close: session.close.bind(session),
      };
      return { ...bound, ...change(bound) };
    },
  };
  return { ...ctx, use: { ...ctx.use, connector: { ...ctx.connector, destination: changed } } };
}
