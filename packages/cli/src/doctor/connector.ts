import { check } from '@aries-data/engine';
import type { Backlog } from '@aries-data/sdk/internal';
import { backlogText } from '../report/backlog-text.ts';
import { rolesFor } from '../roles-for.ts';
import type { Session } from '../session.ts';
import { examine, type Finding, fine, warning } from './finding.ts';

/** Checks that a connector can be loaded, and for each of its roles that the config is valid and its system can be reached. */
export async function examineConnector(
  session: Pick<Session, 'connectorUse' | 'signal' | 'log' | 'redactor'>,
  name: string | undefined,
  config: string | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let use: Awaited<ReturnType<Session['connectorUse']>> | undefined;
  findings.push(
    await examine('connector', async () => {
      use = await session.connectorUse(name, config);
      return `${use.connector.name} ${use.connector.version}`;
    }),
  );
  if (use === undefined) return findings;
  const { signal, log, redactor } = session;
  const kept: Backlog[] = [];
  for (const role of rolesFor(use)) {
    findings.push(
      await examine(`connector ${role}`, async () => {
        const { backlog } = await check({ use: use!, role, signal, log, redactor });
        kept.push(...backlog);
        return 'the config is valid, and the system answers';
      }),
    );
  }
  return [...findings, ...kept.map(backlogFinding)];
}

function backlogFinding(backlog: Backlog): Finding {
  const { warning: danger, ...amounts } = backlog;
  const check = 'connector backlog';
  return danger === undefined ? fine(check, backlogText(amounts)) : warning(check, backlogText(amounts), danger);
}
