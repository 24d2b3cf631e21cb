import type { OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { asNumber, asObject, asString, JockerError, optional, parseJson, type RegistryCredentials } from '@jocker/core';
import { readBody, type HttpExchange, type HttpResponse } from './http-exchange.ts';
import { parseChallenge, type Challenge } from './parse-challenge.ts';

export interface RegistrySessionOptions {
  readonly exchange: HttpExchange;
  /** Of the registry or mirror: `https://host/`. */
  readonly base: URL;
  /** As the user calls it; for messages. */
  readonly domain: string;
  /** Asked once, when the registry asks for them. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
}

export interface RegistryRequest {
  readonly method: string;
  /** Below the base, without a leading slash, or a URL that the registry gave. */
  readonly path: string | URL;
  /** `repository:library/alpine:pull`; several for a cross-repository mount. */
  readonly scopes: readonly string[];
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer | Readable;
  readonly signal: AbortSignal;
}

/** A conversation with one registry: it answers the challenges and keeps the tokens. */
export interface RegistrySession {
  readonly base: URL;
  /** Any status but 401 is returned. Throws `unauthenticated` when the credentials do not do. */
  send(request: RegistryRequest): Promise<HttpResponse>;
}

interface Token {
  readonly header: string;
  readonly expiresAtMs: number;
}

export function createRegistrySession({ exchange, base, domain, credentials }: RegistrySessionOptions): RegistrySession {
  const tokens = new Map<string, Token>();
  let known: Promise<RegistryCredentials | undefined> | undefined;
  const askCredentials = async (): Promise<RegistryCredentials | undefined> => await (known ??= credentials());
  const refused = (why: string): JockerError => new JockerError('unauthenticated', `${domain} ${why}`, { details: { registry: domain } });

  async function answer(challenge: Challenge, scopes: readonly string[], signal: AbortSignal): Promise<Token> {
    const secret = await askCredentials();
    if (secret?.registryToken !== undefined) return { header: `Bearer ${secret.registryToken}`, expiresAtMs: Date.now() + 60_000 };
    if (challenge.scheme === 'basic') {
      if (secret?.username === undefined) throw refused('asks for a user name and password, and there are none');
      return { header: basic(secret), expiresAtMs: Number.POSITIVE_INFINITY };
    }
    return await fetchToken(challenge, scopes, secret, signal);
  }

  async function fetchToken(
    challenge: Challenge,
    scopes: readonly string[],
    secret: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Token> {
    const realm = URL.parse(challenge.parameters['realm'] ?? '');
    if (realm === null || (realm.protocol !== 'https:' && realm.protocol !== 'http:')) throw refused('names no realm for its tokens');
    // A realm without TLS is believed of a registry without TLS only: a password would go in the clear.
    if (realm.protocol === 'http:' && base.protocol === 'https:') throw refused('asks for its password to be sent without encryption');
    const { service } = challenge.parameters;
    const wanted = scopes.length > 0 ? scopes : challenge.parameters['scope'] === undefined ? [] : [challenge.parameters['scope']];
    let response: HttpResponse;
    if (secret?.identityToken === undefined) {
      if (service !== undefined) realm.searchParams.set('service', service);
      for (const scope of wanted) realm.searchParams.append('scope', scope);
      if (secret?.username !== undefined) realm.searchParams.set('account', secret.username);
      response = await exchange.send({
        method: 'GET',
        url: realm,
        authorization: secret?.username === undefined ? undefined : basic(secret),
        signal,
      });
    } else {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: secret.identityToken,
        client_id: 'jocker',
        service: service ?? '',
      });
      if (wanted.length > 0) form.set('scope', wanted.join(' '));
      const body = Buffer.from(form.toString());
      response = await exchange.send({
        method: 'POST',
        url: realm,
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
        signal,
      });
    }
    const bytes = await readBody(response.body);
    if (response.status === 401 || response.status === 403)
      throw refused(secret === undefined ? 'asks for credentials, and there are none' : 'does not accept the credentials');
    if (response.status !== 200)
      throw new JockerError('unavailable', `the token service ${realm.host} of ${domain} answers ${response.status}`);
    const token = asObject(parseJson(bytes, `the answer of ${realm.host}`), 'token');
    const text = optional(token['token'], 'token', asString) ?? asString(token['access_token'], 'access_token');
    const seconds = optional(token['expires_in'], 'expires_in', asNumber) ?? 60;
    return { header: `Bearer ${text}`, expiresAtMs: Date.now() + Math.max(10, seconds - 10) * 1000 };
  }

  return {
    base,
    async send({ method, path, scopes, headers, body, signal }) {
      const url = path instanceof URL ? path : new URL(path, base);
      const key = scopes.join(' ');
      const isOurs = url.origin === base.origin;
      for (let attempt = 0; ; attempt++) {
        const token = tokens.get(key);
        const response = await exchange.send({
          method,
          url,
          signal,
          authorization: isOurs && token !== undefined && token.expiresAtMs > Date.now() ? token.header : undefined,
          ...(headers === undefined ? {} : { headers }),
          ...(body === undefined ? {} : { body }),
        });
        if (response.status !== 401 || !isOurs) return response;
        response.body.destroy();
        const challenge = parseChallenge(response.headers['www-authenticate']);
        if (challenge === undefined) throw refused('refuses without saying what it asks for');
        // The second 401 comes in spite of a fresh token.
        if (attempt > 0)
          throw refused(
            (await askCredentials()) === undefined
              ? 'asks for credentials, and there are none'
              : 'does not accept the credentials for this',
          );
        tokens.set(key, await answer(challenge, scopes, signal));
        if (body !== undefined && !Buffer.isBuffer(body))
          throw new JockerError('unavailable', `${domain} asked for a new token in the middle of an upload`);
      }
    },
  };
}

function basic({ username = '', password = '' }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
