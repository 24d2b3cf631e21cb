import { request } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { JockerError, type ContainerView, type CreateRequest, type LayerProgress, type PullResult } from '@jocker/core';
import { describe, expect, test } from 'vitest';
import { serveScript } from '../support/scripted-server.ts';

const layer: LayerProgress = { digest: 'sha256:aa', state: 'downloading', bytesDone: 1, bytesTotal: 2 };
const pulled: PullResult = { imageId: 'sha256:bb', manifest: 'sha256:cc', reference: 'docker.io/library/a:latest', changed: true };

async function post(
  socketPath: string,
  path: string,
  body: string,
): Promise<{ status: number; body: string; trailers: NodeJS.Dict<string> }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path, method: 'POST', agent: false, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      (answer) => {
        text(answer).then((all) => resolve({ status: answer.statusCode ?? 0, body: all, trailers: answer.trailers }), reject);
      },
    );
    sent.on('error', reject).end(body);
  });
}

describe('a call', () => {
  test('brings the engine what was asked, and who asked', async () => {
    let asked: unknown;
    await using served = await serveScript({
      containers: {
        stop: async (...parameters) => {
          asked = parameters;
        },
      },
    });
    await served.client.containers.stop('a/b name', { timeoutSeconds: 3 });
    expect(asked).toEqual(['a/b name', { client: 'test', timeoutSeconds: 3 }]);
  });

  test('that fails rejects with the code, the sentence and the details of the engine', async () => {
    await using served = await serveScript({
      containers: {
        start: () => Promise.reject(new JockerError('failed-precondition', 'web runs already', { details: { reason: 'not-modified' } })),
      },
    });
    await expect(served.client.containers.start('web')).rejects.toMatchObject({
      name: 'JockerError',
      code: 'failed-precondition',
      message: 'web runs already',
      details: { reason: 'not-modified' },
    });
  });

  test('with a misspelt property is refused by its name', async () => {
    await using served = await serveScript({});
    const wrong = { image: 'a', memroy: 3 } as unknown as CreateRequest;
    await expect(served.client.containers.create(wrong)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'there is no body.request.memroy',
    });
  });

  test('without a daemon says on which socket none answers', async () => {
    await using served = await serveScript({});
    await served.shut();
    await expect(served.client.containers.list()).rejects.toMatchObject({
      code: 'unavailable',
      message: `no jocker daemon answers on ${served.socketPath}`,
    });
  });

  test('for an image keeps slashes and colons of its reference', async () => {
    let asked: unknown;
    await using served = await serveScript({
      images: {
        remove: async (...parameters) => {
          asked = parameters;
          return { untagged: [], deleted: [] };
        },
      },
    });
    await served.client.images.remove('host:5000/a/b:c@sha256:00', { force: true });
    expect(asked).toEqual(['host:5000/a/b:c@sha256:00', { force: true, prune: true }]);
  });

  test('that waits is aborted when its client goes away', async () => {
    const aborted = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    await using served = await serveScript({
      containers: {
        wait: (_id, options) => {
          options?.signal?.addEventListener('abort', () => aborted.resolve());
          waiting.resolve();
          return new Promise(() => undefined);
        },
      },
    });
    const controller = new AbortController();
    const answer = served.client.containers.wait('a', { signal: controller.signal });
    await waiting.promise;
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
    await aborted.promise;
  });
});

describe('a call with progress', () => {
  test('hears of it, then gets the result', async () => {
    await using served = await serveScript({
      images: {
        pull: async (_reference, options) => {
          options?.onProgress?.([layer]);
          return pulled;
        },
      },
    });
    const heard: unknown[] = [];
    expect(await served.client.images.pull('a', { onProgress: (progress) => heard.push(progress) })).toEqual(pulled);
    expect(heard).toEqual([[layer]]);
    expect(await served.client.images.pull('a')).toEqual(pulled);
  });

  test('that fails before and after its first report fails alike', async () => {
    let report = false;
    await using served = await serveScript({
      images: {
        pull: async (_reference, options) => {
          if (report) options?.onProgress?.([layer]);
          throw new JockerError('not-found', 'there is no image a', { details: { reason: 'no-such-image' } });
        },
      },
    });
    const failure = { code: 'not-found', message: 'there is no image a', details: { reason: 'no-such-image' } };
    await expect(served.client.images.pull('a', { onProgress: () => undefined })).rejects.toMatchObject(failure);
    report = true;
    await expect(served.client.images.pull('a', { onProgress: () => undefined })).rejects.toMatchObject(failure);
  });

  test('goes on without its client, unless the client gave a signal', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using served = await serveScript({
      images: {
        pull: (_reference, options) => {
          signals.push(options?.signal);
          asked[signals.length - 1]?.resolve();
          return new Promise((_resolve, reject) =>
            options?.signal?.addEventListener('abort', () => reject(new JockerError('cancelled', 'cancelled'))),
          );
        },
      },
    });
    const controller = new AbortController();
    const answer = served.client.images.pull('a', { signal: controller.signal, onProgress: () => undefined });
    await asked[0]?.promise;
    const aborted = new Promise<void>((resolve) => signals[0]?.addEventListener('abort', () => resolve()));
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
    await aborted;
    served.client.images.pull('a').catch(() => undefined);
    await asked[1]?.promise;
    expect(signals[1]).toBeUndefined();
  });
});

test.each(['application/x-ndjson', 'application/json'])(
  'work that ends after its client (%s) has gone is answered to nobody, and the server goes on',
  async (accept) => {
    const asked = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    await using served = await serveScript({
      images: {
        pull: async (_reference, options) => {
          asked.resolve();
          await finish.promise;
          options?.onProgress?.([layer]);
          setImmediate(finished.resolve);
          return pulled;
        },
        list: async () => [],
      },
    });
    const body = JSON.stringify({ reference: 'a' });
    const headers = { accept, 'content-type': 'application/json', 'content-length': body.length };
    const sent = request({ socketPath: served.socketPath, path: '/jocker/v1/images/pull', method: 'POST', agent: false, headers });
    const gone = new Promise((resolve) => sent.on('error', resolve).on('close', resolve));
    sent.end(body);
    await asked.promise;
    sent.destroy();
    await gone;
    // The server hears of it before it answers the next one.
    await served.client.images.list();
    finish.resolve();
    await finished.promise;
    expect(await served.client.images.list()).toEqual([]);
  },
);

test('archives go in and out as streams', async () => {
  let loaded = 0;
  await using served = await serveScript({
    images: {
      save: () => Promise.resolve(Readable.from([Buffer.alloc(3_000_000, 1)])),
      load: async (archive) => {
        for await (const chunk of archive) loaded += (chunk as Buffer).length;
        return [];
      },
    },
  });
  await served.client.images.load(await served.client.images.save(['a']));
  expect(loaded).toBe(3_000_000);
});

describe('the two calls of the walkthrough', () => {
  test('run a container and a command in it, asked by any HTTP client', async () => {
    const done: string[] = [];
    await using served = await serveScript({
      containers: {
        create: async (asked) => {
          done.push(`create ${asked.image} ${asked.name}`);
          return { id: 'f00', name: 'web', warnings: [] };
        },
        start: async (id) => void done.push(`start ${id}`),
      },
      execs: {
        create: async (id, asked) => {
          done.push(`exec ${id} ${asked.command.join(' ')}`);
          return { id: 'e00' };
        },
        start: async () => ({
          stdin: undefined,
          output: (async function* () {
            yield { stream: 'stdout' as const, data: Buffer.from('hello\n') };
          })(),
          [Symbol.asyncDispose]: async () => undefined,
        }),
        wait: async () => ({ exitCode: 3 }),
      },
    });
    const run = await post(served.socketPath, '/run', '{"image":"host:busybox","name":"web"}');
    expect([run.status, JSON.parse(run.body)]).toEqual([200, { status: 'started', name: 'web' }]);
    expect(await post(served.socketPath, '/exec', '{"name":"web","cmd":["echo","hello"]}')).toEqual({
      status: 200,
      body: 'hello\n',
      trailers: { 'jocker-exit-code': '3' },
    });
    expect(done).toEqual(['create host:busybox web', 'start f00', 'exec web echo hello']);
  });

  test('leave no container behind when it cannot be started', async () => {
    const removed: string[] = [];
    await using served = await serveScript({
      containers: {
        create: async () => ({ id: 'f00', name: 'web', warnings: [] }),
        start: () =>
          Promise.reject(new JockerError('invalid-argument', 'there is no nothing', { details: { reason: 'command-not-found' } })),
        remove: async (id) => void removed.push(id),
      },
    });
    expect(await post(served.socketPath, '/run', '{"image":"a","name":"web"}')).toMatchObject({ status: 400 });
    expect(removed).toEqual(['f00']);
  });
});

test('a list comes as the engine gives it', async () => {
  const view = { id: 'f00', name: 'web', status: 'running' } as ContainerView;
  await using served = await serveScript({ containers: { list: async () => [view] } });
  expect(await served.client.containers.list()).toEqual([view]);
});
