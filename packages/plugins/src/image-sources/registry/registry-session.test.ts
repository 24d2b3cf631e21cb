import { Readable } from 'node:stream';
import type { RegistryCredentials } from '@jocker/core';
import { describe, expect, test } from 'vitest';
import type { HttpExchange, HttpRequest } from './http-exchange.ts';
import { createRegistrySession, type RegistrySession } from './registry-session.ts';

type Answer = (request: HttpRequest) => { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

const { signal } = new AbortController();
const challenge = (realm: string): Record<string, string> => ({ 'www-authenticate': `Bearer realm="${realm}",service="registry"` });

/** A session whose requests are answered by a function, and what was asked. */
function sessionWith(
  answer: Answer,
  credentials: Omit<RegistryCredentials, 'host'> | undefined,
  base = 'https://registry.example/',
): { readonly session: RegistrySession; readonly asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  const exchange: HttpExchange = {
    send(request) {
      asked.push(request);
      const { status, headers = {}, body = '' } = answer(request);
      return Promise.resolve({ status, headers, url: request.url, body: Readable.from([Buffer.from(body)]) });
    },
    [Symbol.dispose]: () => undefined,
  };
  const known = credentials === undefined ? undefined : { host: 'registry.example', ...credentials };
  const session = createRegistrySession({
    exchange,
    base: new URL(base),
    domain: 'registry.example',
    credentials: () => Promise.resolve(known),
  });
  return { session, asked };
}

const get = { method: 'GET', path: 'v2/a/manifests/1', scopes: ['repository:a:pull'], signal } as const;

describe('a session', () => {
  test('asks for a token once and uses it again', async () => {
    const { session, asked } = sessionWith(({ url, authorization }) => {
      if (url.pathname === '/token') return { status: 200, body: '{"token":"t1","expires_in":300}' };
      return authorization === 'Bearer t1' ? { status: 200 } : { status: 401, headers: challenge('https://auth.example/token') };
    }, undefined);
    for (const _ of [1, 2]) expect((await session.send(get)).status).toBe(200);
    expect(asked.map(({ url }) => url.host)).toEqual(['registry.example', 'auth.example', 'registry.example', 'registry.example']);
    expect(asked[1]?.url.searchParams.getAll('scope')).toEqual(['repository:a:pull']);
  });

  test('gets a new token when the registry has had enough of the old one', async () => {
    let tokens = 0;
    let uses = 0;
    const { session } = sessionWith(({ url, authorization }) => {
      if (url.pathname === '/token') return { status: 200, body: `{"access_token":"t${++tokens}","expires_in":300}` };
      if (authorization !== `Bearer t${tokens}` || ++uses === 2) return { status: 401, headers: challenge('https://auth.example/token') };
      return { status: 200 };
    }, undefined);
    for (const _ of [1, 2]) expect((await session.send(get)).status).toBe(200);
    expect(tokens).toBe(2);
  });

  test('has a token of its own for each scope', async () => {
    const { session, asked } = sessionWith(({ url, authorization }) => {
      if (url.pathname === '/token') return { status: 200, body: JSON.stringify({ token: url.searchParams.get('scope') }) };
      const repository = url.pathname.split('/')[2];
      return authorization === `Bearer repository:${repository}:pull`
        ? { status: 200 }
        : { status: 401, headers: challenge('https://auth.example/token') };
    }, undefined);
    expect((await session.send(get)).status).toBe(200);
    expect((await session.send({ ...get, path: 'v2/b/manifests/1', scopes: ['repository:b:pull'] })).status).toBe(200);
    expect(asked.filter(({ url }) => url.pathname === '/token')).toHaveLength(2);
  });

  test('sends an identity token in the body of its request, and no password', async () => {
    const { session, asked } = sessionWith(
      ({ method, url, authorization }) => {
        if (url.pathname === '/token') return { status: method === 'POST' ? 200 : 400, body: '{"access_token":"t1"}' };
        return authorization === 'Bearer t1' ? { status: 200 } : { status: 401, headers: challenge('https://auth.example/token') };
      },
      { identityToken: 'canary' },
    );
    expect((await session.send(get)).status).toBe(200);
    const body = asked[1]?.body;
    expect(Object.fromEntries(new URLSearchParams(Buffer.isBuffer(body) ? body.toString() : ''))).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'canary',
      scope: 'repository:a:pull',
    });
    expect(asked[1]?.authorization).toBeUndefined();
  });

  test('uses a registry token as it is', async () => {
    const { session, asked } = sessionWith(
      ({ authorization }) =>
        authorization === 'Bearer rt' ? { status: 200 } : { status: 401, headers: challenge('https://auth.example/token') },
      { registryToken: 'rt' },
    );
    expect((await session.send(get)).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  test('shows nothing to a host that the registry names for an upload, and takes no challenge from it', async () => {
    const { session, asked } = sessionWith(
      ({ url, authorization }) => {
        if (url.host === 'elsewhere.example') return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
        return authorization === undefined ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } } : { status: 202 };
      },
      { username: 'u', password: 'canary' },
    );
    expect((await session.send(get)).status).toBe(202);
    expect((await session.send({ ...get, method: 'PUT', path: new URL('https://elsewhere.example/upload') })).status).toBe(401);
    expect(asked.filter(({ url }) => url.host === 'elsewhere.example').map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});

describe('a session gives up', () => {
  test.each([
    ['is sent without encryption', 'http://auth.example/token'],
    ['goes to a file', 'file:///etc/passwd'],
    ['goes nowhere', ''],
  ])('when its password %s', async (_what, realm) => {
    const { session, asked } = sessionWith(() => ({ status: 401, headers: challenge(realm) }), { username: 'u', password: 'canary' });
    await expect(session.send(get)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(asked).toHaveLength(1);
  });

  test('when fresh tokens are refused too', async () => {
    const { session, asked } = sessionWith(
      ({ url }) =>
        url.pathname === '/token'
          ? { status: 200, body: '{"token":"t"}' }
          : { status: 401, headers: challenge('https://auth.example/token') },
      undefined,
    );
    await expect(session.send(get)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(asked).toHaveLength(3);
  });

  test('when the token service does not take the password, without saying it', async () => {
    const { session } = sessionWith(
      ({ url }) => (url.pathname === '/token' ? { status: 401 } : { status: 401, headers: challenge('https://auth.example/token') }),
      { username: 'u', password: 'canary' },
    );
    const error = await session.send(get).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'unauthenticated' });
    expect(JSON.stringify([error, error instanceof Error ? error.stack : ''])).not.toContain('canary');
  });

  test.each(['', '[]', '{"token":5}', '{}'])('when the token service answers %s', async (body) => {
    const { session } = sessionWith(
      ({ url }) => (url.pathname === '/token' ? { status: 200, body } : { status: 401, headers: challenge('https://auth.example/token') }),
      undefined,
    );
    await expect(session.send(get)).rejects.toMatchObject({ name: 'JockerError' });
  });
});
