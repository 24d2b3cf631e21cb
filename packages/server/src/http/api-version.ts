import type { IncomingMessage } from 'node:http';

const versionPrefix = /^\/v(\d{1,3}\.\d{1,3})(?=[/?]|$)/;

/** The version in a path such as `/v1.41/info`; undefined in one without. */
export function apiVersionOf(request: { readonly originalUrl: string }): string | undefined {
  return versionPrefix.exec(request.originalUrl)?.[1];
}

/** Both forms of a path lead to one route. */
export function withoutVersion(request: Pick<IncomingMessage, 'url'>): string {
  const url = request.url ?? '/';
  const rest = url.replace(versionPrefix, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}
