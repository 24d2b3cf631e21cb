import { describe, expect, test } from 'vitest';
import type { ImageConfig } from './image-config.ts';
import { encodeImageConfig, parseImageConfig } from './parse-image-config.ts';

describe('an image config', () => {
  test('that jocker writes is read as it was', () => {
    const image: ImageConfig = {
      created: '2026-01-01T00:00:00Z',
      author: 'me',
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      config: {
        user: '1000:1000',
        env: ['A=1'],
        entrypoint: ['/bin/app'],
        command: ['--help'],
        workingDir: '/srv',
        labels: { a: 'b' },
        stopSignal: 'SIGQUIT',
        exposedPorts: ['80/tcp'],
        volumes: ['/data'],
        healthcheck: { test: ['CMD', 'true'], intervalNs: 1e9, retries: 3 },
        shell: ['/bin/bash', '-c'],
        onBuild: ['RUN x'],
      },
      rootfs: { type: 'layers', diffIds: [`sha256:${'c'.repeat(64)}`] },
      history: [
        { created: '2026-01-01T00:00:00Z', createdBy: 'x' },
        { emptyLayer: true, comment: 'y' },
      ],
    };
    expect(parseImageConfig(encodeImageConfig(image))).toEqual(image);
  });

  test('may leave out nearly everything, as Go writes null for it', () => {
    const raw = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Cmd: null, Labels: null, Entrypoint: null, User: '' },
        rootfs: { type: 'layers', diff_ids: null },
        history: null,
      }),
    );
    expect(parseImageConfig(raw)).toEqual({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diffIds: [] },
      history: [],
    });
  });

  test.each([
    ['a command that is not a list', { config: { Cmd: 'sh' } }],
    ['an environment of numbers', { config: { Env: [1] } }],
    ['a diffId that is no digest', { rootfs: { diff_ids: ['x'] } }],
    ['labels that are not text', { config: { Labels: { a: {} } } }],
  ])('with %s is refused', (_what, body) => {
    expect(() => parseImageConfig(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', ...body })))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
