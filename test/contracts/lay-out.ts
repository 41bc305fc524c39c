const WIDTH = 120;

/** Formats JSON for people: values that fit are on one line. Nothing is sorted. */
export function layOut(value: unknown, indent = '', before = 0): string {
  const line = JSON.stringify(value);
  if (indent.length + before + line.length <= WIDTH || typeof value !== 'object' || value === null) return line;
  const deeper = `${indent}  `;
  const [open, close, members] = Array.isArray(value)
    ? ['[', ']', value.map((item) => layOut(item, deeper))]
    : ['{', '}', Object.entries(value).map(([name, item]) => member(name, item, deeper))];
  return `${open}\n${members.map((text) => `${deeper}${text}`).join(',\n')}\n${indent}${close}`;
}

function member(name: string, item: unknown, indent: string): string {
  const label = `${JSON.stringify(name)}: `;
  return label + layOut(item, indent, label.length);
}
