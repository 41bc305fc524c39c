import { AriesError } from '@aries-data/sdk';
import type { Ask } from '../session.ts';
import { CONNECTOR_TEMPLATES, type ConnectorTemplate, type ConnectorTemplateName } from './connector-files.ts';

/** Flags of `aries new connector` that choose the template. */
export interface TemplateFlags {
  source?: boolean | undefined;
  transform?: boolean | undefined;
  destination?: boolean | undefined;
  template?: ConnectorTemplateName | undefined;
  yes?: boolean | undefined;
}

const NAMES = Object.keys(CONNECTOR_TEMPLATES) as ConnectorTemplateName[];

/** Returns the template that the flags name, or asks for it. Throws `USAGE` if it is not known and there is no terminal to ask on. */
export async function chooseTemplate(flags: TemplateFlags, ask: Ask | undefined): Promise<ConnectorTemplateName> {
  const kind = (['source', 'transform', 'destination'] as const).find((one) => flags[one] === true);
  if (flags.template !== undefined) {
    const { kind: own, loads }: ConnectorTemplate = CONNECTOR_TEMPLATES[flags.template];
    if (kind === undefined || kind === own || (kind === 'destination' && loads)) return flags.template;
    throw new AriesError('USAGE', `The template ${flags.template} is a ${own}, not a ${kind}`, {
      hint: `Omit --${kind}, or use the template ${ofKind(kind).join(' or ')}.`,
    });
  }
  const open = kind === undefined ? NAMES : ofKind(kind);
  if (flags.yes === true || open.length === 1) return open[0]!;
  if (ask !== undefined) return choose(open, ask);
  throw new AriesError('USAGE', 'The kind of the connector is missing', {
    hint: `Give --template ${NAMES.join('|')}, or --yes for ${open[0]}.`,
  });
}

async function choose(open: readonly ConnectorTemplateName[], ask: Ask): Promise<ConnectorTemplateName> {
  const lines = open.map((name, index) => `  ${index + 1} ${name}: ${CONNECTOR_TEMPLATES[name].about}`);
  let question = `What should it start as?\n${lines.join('\n')}\n[1] `;
  for (;;) {
    const answer = (await ask(question)).trim();
    const chosen = answer === '' ? open[0] : (open[Number(answer) - 1] ?? open.find((name) => name === answer));
    if (chosen !== undefined) return chosen;
    question = `There is no "${answer}". Type a number from 1 to ${open.length}, or a name.\n[1] `;
  }
}

function ofKind(kind: ConnectorTemplate['kind']): ConnectorTemplateName[] {
  return NAMES.filter((name) => CONNECTOR_TEMPLATES[name].kind === kind);
}
