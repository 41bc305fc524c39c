/** Where to listen. */
export interface Address {
  host: string;
  port: number;
}

const ADDRESS = /^(?:(\[[0-9a-f:.]+\]|[a-z0-9.-]+):)?(\d{1,5})$/i;

/** Parses `--listen`: a port, which is then open on this machine only, or a host and a port. */
export function parseAddress(text: string): Address {
  const [, host = '127.0.0.1', digits = ''] = ADDRESS.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) {
    throw new Error(
      `expected a port such as 9400, or 0.0.0.0:9400 to be reached from outside, not ${JSON.stringify(text)}`,
    );
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}
