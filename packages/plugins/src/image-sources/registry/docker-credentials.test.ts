import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerCredentials } from './docker-credentials.ts';

let directory: string;
let path: string | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jocker-credentials-'));
  await mkdir(join(directory, 'bin'));
  // Answers for one key as docker's helpers do, for others as they say no.
  const helper = (secret: string): string => `#!/bin/sh
[ "$1" = get ] || exit 9
read -r key || true
[ "$key" = "helped.example" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '${secret}'
`;
  await writeFile(join(directory, 'bin/docker-credential-plain'), helper('{"Username":"h","Secret":"hs"}'), { mode: 0o755 });
  await writeFile(join(directory, 'bin/docker-credential-token'), helper('{"Username":"<token>","Secret":"it"}'), { mode: 0o755 });
  path = process.env['PATH'];
  process.env['PATH'] = `${directory}/bin:${path ?? ''}`;
});
afterAll(async () => {
  process.env['PATH'] = path;
  await rm(directory, { recursive: true, force: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
let count = 0;
async function lookUp(host: string, config: unknown): Promise<unknown> {
  const file = join(directory, `config-${count++}.json`);
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  return await dockerCredentials(host, file);
}

describe("a docker config file's credentials", () => {
  test('are found by host, also where the password has colons', async () => {
    const auths = { 'a.example': { auth: base64('me:p:w') }, 'b.example:5000': { auth: base64('you:q') } };
    expect(await lookUp('a.example', { auths })).toEqual({ host: 'a.example', username: 'me', password: 'p:w' });
    expect(await lookUp('b.example:5000', { auths })).toEqual({ host: 'b.example:5000', username: 'you', password: 'q' });
  });

  test('of a host are not those of its other ports or of a longer name', async () => {
    const auths = { 'a.example': { auth: base64('me:p') } };
    for (const host of ['a.example:5000', 'a.example.evil', 'x.a.example', 'example'])
      expect(await lookUp(host, { auths })).toBeUndefined();
  });

  test('of the hub are found under the name that docker gives it', async () => {
    const auths = { 'https://index.docker.io/v1/': { auth: base64('me:p') } };
    expect(await lookUp('docker.io', { auths })).toMatchObject({ username: 'me' });
  });

  test('may be tokens', async () => {
    const auths = { 'a.example': { auth: base64('me:'), identitytoken: 'it' }, 'b.example': { registrytoken: 'rt' } };
    expect(await lookUp('a.example', { auths })).toEqual({ host: 'a.example', username: 'me', password: '', identityToken: 'it' });
    expect(await lookUp('b.example', { auths })).toEqual({ host: 'b.example', registryToken: 'rt' });
  });

  test('come from the helper of the host, then from the store', async () => {
    const credHelpers = { 'helped.example': 'token' };
    expect(await lookUp('helped.example', { credHelpers, credsStore: 'plain' })).toEqual({ host: 'helped.example', identityToken: 'it' });
    expect(await lookUp('helped.example', { credsStore: 'plain' })).toEqual({ host: 'helped.example', username: 'h', password: 'hs' });
  });

  test('are none when the helper knows none', async () => {
    expect(await lookUp('other.example', { credsStore: 'plain' })).toBeUndefined();
  });

  test('are none without a file', async () => {
    expect(await dockerCredentials('a.example', join(directory, 'none', 'config.json'))).toBeUndefined();
  });

  test('of a helper that is not installed are an error with its name', async () => {
    await expect(lookUp('a.example', { credsStore: 'not-installed' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not-installed') as string,
    });
  });

  test.each(['not json', '[]', '{"auths":[]}', '{"auths":{"a.example":"x"}}', '{"credsStore":"../../bin/evil"}'])(
    'in a file like %s are refused',
    async (text) => {
      await expect(lookUp('a.example', text)).rejects.toMatchObject({ code: 'invalid-argument' });
    },
  );
});
