import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import ssh2 from 'ssh2';

/** An SSH server in this process that accepts one password and forwards. Tests with OpenSSH are in test/integration/. */
export interface TestSshServer extends AsyncDisposable {
  /** `ssh://me@127.0.0.1:port`. */
  url: string;
  password: string;
  /** All connections, even with failed logins, the latest last. */
  logins: ssh2.Connection[];
  /** The authentication methods that were tried. */
  methods: string[];
  /** Prompts for the password, as servers with PAM do. */
  keyboardOnly: boolean;
}

export async function startTestSshServer(): Promise<TestSshServer> {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const password = 'open/sesame';
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    started.logins.push(client);
    client.on('error', () => {});
    client.on('authentication', (attempt) => {
      started.methods.push(attempt.method);
      if (attempt.method === 'password' && !started.keyboardOnly && attempt.password === password) attempt.accept();
      else if (attempt.method === 'keyboard-interactive') {
        attempt.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) =>
          answer === password ? attempt.accept() : attempt.reject(),
        );
      } else attempt.reject([started.keyboardOnly ? 'keyboard-interactive' : 'password']);
    });
    client.on('tcpip', (accept, _reject, { destIP, destPort }) => {
      const channel = accept();
      const socket = connectTcp(destPort, destIP);
      socket.on('error', () => channel.destroy());
      channel.on('error', () => socket.destroy());
      channel.pipe(socket).pipe(channel);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const started: TestSshServer = {
    url: `ssh://me@127.0.0.1:${(server.address() as AddressInfo).port}`,
    password,
    logins: [],
    methods: [],
    keyboardOnly: false,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
  return started;
}
