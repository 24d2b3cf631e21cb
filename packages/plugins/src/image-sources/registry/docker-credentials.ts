import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { asObject, asString, JockerError, optional, parseJson, type ForeignObject, type RegistryCredentials } from '@jocker/core';
import { execa } from 'execa';
import { hubHosts } from './registry-options.ts';

const helperTimeoutMs = 30_000;
const hubKey = 'https://index.docker.io/v1/';

/** Where `docker login` keeps what it was told. */
export function dockerConfigPath(): string {
  return `${process.env['DOCKER_CONFIG'] ?? `${homedir()}/.docker`}/config.json`;
}

/**
 * The credentials of one host from a docker config file: a credential helper for it, the credentials store, or the file itself.
 * Undefined when there are none. Throws `invalid-argument` for a file that cannot be read as one.
 */
export async function dockerCredentials(host: string, configPath: string): Promise<RegistryCredentials | undefined> {
  const text = await readFile(configPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new JockerError('permission-denied', `${configPath} cannot be read`, { cause: error });
  });
  if (text === undefined) return undefined;
  const config = asObject(parseJson(text, configPath), configPath);
  const keys = keysOf(host);
  const helpers = optional(config['credHelpers'], 'credHelpers', asObject) ?? {};
  const store = optional(config['credsStore'], 'credsStore', asString);
  for (const key of keys) {
    const helper = optional(helpers[key], `credHelpers.${key}`, asString) ?? store;
    const found = helper === undefined || helper === '' ? undefined : await askHelper(helper, key, host);
    if (found !== undefined) return found;
  }
  const auths = optional(config['auths'], 'auths', asObject) ?? {};
  for (const key of keys) {
    const entry = optional(auths[key], `auths.${key}`, asObject);
    const found = entry === undefined ? undefined : fromEntry(entry, host);
    if (found !== undefined) return found;
  }
  return undefined;
}

function keysOf(host: string): readonly string[] {
  return hubHosts.includes(host)
    ? [hubKey, ...hubHosts]
    : [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`];
}

function fromEntry(entry: ForeignObject, host: string): RegistryCredentials | undefined {
  const identityToken = optional(entry['identitytoken'], 'identitytoken', asString);
  const registryToken = optional(entry['registrytoken'], 'registrytoken', asString);
  const auth = optional(entry['auth'], 'auth', asString) ?? '';
  const [username = '', ...rest] = Buffer.from(auth, 'base64').toString('utf8').split(':');
  const password = rest.join(':').replace(/\0+$/, '');
  if (username === '' && identityToken === undefined && registryToken === undefined) return undefined;
  return {
    host,
    ...(username === '' ? {} : { username, password }),
    ...(identityToken === undefined || identityToken === '' ? {} : { identityToken }),
    ...(registryToken === undefined || registryToken === '' ? {} : { registryToken }),
  };
}

/** docker-credential-helpers: the key on stdin, JSON on stdout. `<token>` as the user name marks an identity token. */
async function askHelper(helper: string, key: string, host: string): Promise<RegistryCredentials | undefined> {
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) throw new JockerError('invalid-argument', `"${helper}" is not the name of a credential helper`);
  const { exitCode, stdout, failed, shortMessage } = await execa(`docker-credential-${helper}`, ['get'], {
    input: key,
    reject: false,
    timeout: helperTimeoutMs,
  });
  if (exitCode === undefined)
    throw new JockerError('unavailable', `the credential helper ${helper} could not be asked: ${shortMessage ?? 'it did not run'}`);
  // "credentials not found in native keychain" is how a helper says that it has none.
  if (failed) return undefined;
  const answer = asObject(parseJson(Buffer.from(stdout), `the answer of the credential helper ${helper}`), 'answer');
  const username = asString(answer['Username'], 'Username');
  const secret = asString(answer['Secret'], 'Secret');
  return username === '<token>' ? { host, identityToken: secret } : { host, username, password: secret };
}
