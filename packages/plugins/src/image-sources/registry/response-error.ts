import { asArray, asObject, asString, JockerError, optional, parseJson, type ErrorCode } from '@jocker/core';
import { readBody, type HttpResponse } from './http-exchange.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  405: 'unsupported',
  413: 'resource-exhausted',
  416: 'unsupported',
  429: 'unavailable',
};

/** What a registry's refusal means to a caller. Reads the body and never lets through more of it than one line. */
export async function responseError(response: HttpResponse, what: string): Promise<JockerError> {
  const said = await readBody(response.body, 64 * 1024).then(messageOf, () => undefined);
  const code = codes[response.status] ?? (response.status >= 500 ? 'unavailable' : 'internal');
  const plain: Readonly<Record<number, string>> = {
    403: 'access is denied',
    404: 'it is not there',
    429: 'there were too many requests',
  };
  const why = plain[response.status] ?? `the registry answers ${response.status}`;
  return new JockerError(code, `${what}: ${why}${said === undefined ? '' : ` (${said})`}`, { details: { status: response.status } });
}

function messageOf(bytes: Buffer): string | undefined {
  try {
    const [first] = asArray(asObject(parseJson(bytes, 'body'), 'body')['errors'], 'errors');
    const error = asObject(first, 'errors[0]');
    const text = optional(error['message'], 'message', asString) ?? optional(error['code'], 'code', asString);
    return text?.replace(/\s+/g, ' ').slice(0, 200);
  } catch {
    return undefined;
  }
}
