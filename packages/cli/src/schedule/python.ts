/** A value as Python writes it: dicts and lists on lines of their own where one line is too short for them. */
export function python(value: unknown, indent = ''): string {
  const line = onOneLine(value);
  if (line.length + indent.length <= 96 || typeof value !== 'object' || value === null) return line;
  const inner = `${indent}    `;
  const lines = Array.isArray(value)
    ? value.map((item) => `${inner}${python(item, inner)},\n`)
    : Object.entries(value).map(([key, item]) => `${inner}${text(key)}: ${python(item, inner)},\n`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join('')}${indent}${close}`;
}

/** Python as it is, in the place of a value. */
export class PythonCode {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

function onOneLine(value: unknown): string {
  if (value instanceof PythonCode) return value.code;
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${text(key)}: ${onOneLine(item)}`)
    .join(', ')}}`;
}

// A string of JSON is one of Python, but for halves of surrogate pairs, which no file of UTF-8 can hold.
function text(value: string): string {
  return JSON.stringify(value.toWellFormed());
}
