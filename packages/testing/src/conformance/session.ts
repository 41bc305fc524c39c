import type { AnyLoadSession, Destination, LoadSession } from '@aries-data/sdk';
import type { RuleContext } from './rule.ts';

/** Functions of a session that a rule watches or replaces. `inspect` is missing because it is optional. */
type Changed = Partial<Pick<LoadSession, 'open' | 'commit'>>;

/** Returns the context with some functions of the destination's sessions replaced. */
export function withSession(ctx: RuleContext, change: (session: Pick<LoadSession, 'open'>) => Changed): RuleContext {
  const destination = ctx.connector.destination!;
  const changed: Destination = {
    ...destination,
    async open(options) {
      const session = await destination.open(options);
      // A session may have methods that use `this`.
      const { open } = session;
      const changes = change({ open: (...given) => open.apply(session, given) });
      return Object.assign(Object.create(session) as AnyLoadSession, changes);
    },
  };
  return { ...ctx, use: { ...ctx.use, connector: { ...ctx.connector, destination: changed } } };
}
