import { asObject, asString, JockerError, optional, parseJson, type RegistryCredentials } from '@jocker/core';

const docker = 'docker.io';

/** The X-Registry-Auth header: base64 (either alphabet) of JSON. Undefined when it says nothing. Throws `invalid-argument`. */
export function parseCredentials(header: unknown, fallbackHost: string = docker): RegistryCredentials | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  let body;
  try {
    body = parseJson(Buffer.from(header, 'base64url'), 'X-Registry-Auth');
  } catch (cause) {
    throw new JockerError('invalid-argument', 'X-Registry-Auth is not base64 of JSON', { cause });
  }
  return body === null ? undefined : credentialsOf(asObject(body, 'X-Registry-Auth'), fallbackHost);
}

/** Docker's AuthConfig. */
export function credentialsOf(auth: Readonly<Record<string, unknown>>, fallbackHost: string = docker): RegistryCredentials | undefined {
  const text = (name: string): string => optional(auth[name], name, asString) ?? '';
  const host = text('serveraddress') || fallbackHost;
  const [username, password, identityToken, registryToken] = [
    text('username'),
    text('password'),
    text('identitytoken'),
    text('registrytoken'),
  ];
  if (username === '' && identityToken === '' && registryToken === '') return undefined;
  return {
    host: host.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
    ...(username === '' ? {} : { username, password }),
    ...(identityToken === '' ? {} : { identityToken }),
    ...(registryToken === '' ? {} : { registryToken }),
  };
}
