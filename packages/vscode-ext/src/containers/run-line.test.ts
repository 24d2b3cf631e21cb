import { expect, test } from 'vitest';
import { runLine } from './run-line.ts';

test('the line carries every choice and quotes what a shell would split', () => {
  expect(
    runLine({
      image: 'host:busybox',
      name: 'web',
      env: ['GREETING=hello world'],
      mounts: [{ type: 'bind', source: '/src', target: '/app', readonly: true }],
      resources: { memoryBytes: 67108864, nanoCpus: 5e8 },
      command: ['sh', '-c', "echo 'hi'"],
    }),
  ).toBe(
    "jocker run -d --name web --env 'GREETING=hello world' --volume /src:/app:ro --memory 67108864 --cpus 0.5 host:busybox sh -c 'echo '\\''hi'\\'''",
  );
});
