import type { FastifyInstance } from 'fastify';

export const jsonBodyMaxBytes: number = 8 * 1024 * 1024;

/** JSON is parsed and bounded; everything else stays a stream that the route reads at its own speed. */
export function addBodyParsers(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: jsonBodyMaxBytes }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}
