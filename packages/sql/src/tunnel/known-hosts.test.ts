import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintOf, knownHost, typeOf } from './known-hosts.ts';

const key = (name: string) => Buffer.from(name).toString('base64');
const keysFor = (text: string, host: string, port = 22) => {
  const { keys, revoked } = knownHost(text, host, port);
  const names = (list: typeof keys) => list.map(({ type, blob }) => `${type} ${blob}`);
  return { keys: names(keys), revoked: names(revoked) };
};

test('a host is found by its name, its port, patterns and hashes', () => {
  const salt = Buffer.from('0123456789abcdefghij');
  const hash = createHmac('sha1', salt).update('hashed.example').digest('base64');
  const text = `# comment

bastion.example,10.0.0.1 ssh-ed25519 ${key('one')} a comment
[bastion.example]:2222\tssh-rsa\t${key('two')}
*.example,!bastion.example ssh-rsa ${key('three')}
db-?.internal ssh-rsa ${key('four')}
|1|${salt.toString('base64')}|${hash} ssh-ed25519 ${key('five')}
@revoked bastion.example ssh-ed25519 ${key('six')}
@cert-authority *.example ssh-ed25519 ${key('seven')}
bastion.example
`;
  expect(keysFor(text, 'Bastion.example')).toEqual({ keys: ['ssh-ed25519 one'], revoked: ['ssh-ed25519 six'] });
  expect(keysFor(text, '10.0.0.1')).toEqual({ keys: ['ssh-ed25519 one'], revoked: [] });
  expect(keysFor(text, 'bastion.example', 2222)).toEqual({ keys: ['ssh-rsa two'], revoked: [] });
  expect(keysFor(text, 'other.example').keys).toEqual(['ssh-rsa three']);
  expect(keysFor(text, 'db-1.internal').keys).toEqual(['ssh-rsa four']);
  expect(keysFor(text, 'db-10.internal').keys).toEqual([]);
  expect(keysFor(text, 'hashed.example').keys).toEqual(['ssh-rsa three', 'ssh-ed25519 five']);
  expect(keysFor(text, 'bastionXexample').keys).toEqual([]);
});

// GitHub's key: https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints
test('a fingerprint is what ssh-keygen prints', () => {
  const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');
  expect(fingerprintOf(blob)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  expect(typeOf(blob)).toBe('ssh-ed25519');
});
