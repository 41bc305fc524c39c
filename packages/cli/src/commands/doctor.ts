import type { AriesError } from '@aries-data/sdk';
import { AriesCommand } from '../base-command.ts';
import type { Finding } from '../doctor/finding.ts';
import * as flag from '../flags.ts';
import { FailureTables } from '../report/failure-tables.ts';
import { findingsTable } from '../report/findings-table.ts';
import type { Page } from '../report/table.ts';

interface DoctorResult {
  ok: true;
  findings: Finding[];
}

export default class Doctor extends AriesCommand {
  static override summary = 'Find what would keep a step from running here, and how to fix it';
  static override description =
    'Checks disk, memory and the XCom folder; with --staging also the staging and the clock; with CONNECTOR or --config also the connector and its system. What it writes, it deletes again. The exit code is that of the worst finding.';
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({ config: flag.config, staging: flag.staging });
  static override examples = [
    '<%= config.bin %> doctor --staging s3://bucket/staging',
    '<%= config.bin %> doctor postgres --config @postgres.yaml --staging s3://bucket/staging',
  ];

  override async run(): Promise<DoctorResult> {
    const { args, flags } = await this.parse(Doctor);
    const [{ examineStaging }, { examineConnector }, { examineDisk }, { memoryFinding }, { examineXcom }] =
      await Promise.all([
        import('../doctor/staging.ts'),
        import('../doctor/connector.ts'),
        import('../doctor/disk.ts'),
        import('../doctor/memory.ts'),
        import('../doctor/xcom.ts'),
      ]);
    const wantsConnector = args.connector !== undefined || flags.config !== undefined;
    const findings = [
      await examineDisk(),
      memoryFinding(),
      await examineXcom(),
      ...(flags.staging === undefined ? [] : await examineStaging(flags.staging)),
      ...(wantsConnector ? await examineConnector(this.session, args.connector, flags.config) : []),
    ];
    const worst = await worstOf(findings);
    if (worst !== undefined) throw worst;
    return { ok: true, findings };
  }

  override present({ findings }: DoctorResult, page: Page): string {
    const warnings = findings.filter(({ status }) => status === 'warning').length;
    return `${findingsTable(findings, page)}\n${warnings === 0 ? 'Everything is fine.' : `It works, with ${warnings === 1 ? '1 warning' : `${warnings} warnings`}.`}`;
  }
}

/** Kinds of errors, the worst first: one that a retry may solve is the least bad. */
const WORST_FIRST = ['bug', 'data', 'config', 'auth', 'transient'];

async function worstOf(findings: readonly Finding[]): Promise<AriesError | undefined> {
  const [{ AriesError }, { ERROR_CODES }] = await Promise.all([
    import('@aries-data/sdk'),
    import('@aries-data/sdk/internal'),
  ]);
  const failures = findings.flatMap((finding) =>
    finding.code === undefined ? [] : [{ ...finding, code: finding.code }],
  );
  const rank = ({ code }: (typeof failures)[number]) => WORST_FIRST.indexOf(ERROR_CODES[code].kind);
  const worst = failures.toSorted((a, b) => rank(a) - rank(b))[0];
  if (worst === undefined) return undefined;
  const others = failures.length === 1 ? '' : ` (and ${failures.length - 1} more)`;
  return new AriesError(worst.code, `${worst.check}: ${worst.message}${others}`, {
    hint: worst.hint,
    details: new FailureTables({ findings }),
  });
}
