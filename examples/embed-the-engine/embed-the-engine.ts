// A real container without a daemon: the engine in this process, gone when it ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { createEngine } from '@jocker/core';
import { builtins } from '@jocker/plugins';

const directory = await mkdtemp('/tmp/jocker-embedded-');
{
  await using engine = await createEngine({ dataRoot: `${directory}/data`, runRoot: `${directory}/run`, plugins: builtins() });
  const { id } = await engine.containers.create({ image: 'host:busybox', command: ['sh', '-c', 'echo hello from inside; exit 3'] });
  await engine.containers.start(id);
  const { exitCode } = await engine.containers.wait(id);
  for await (const { data } of engine.containers.logs(id)) process.stdout.write(data);
  console.log(`exit code ${exitCode}`);
  await engine.containers.remove(id);
}
await rm(directory, { recursive: true, force: true });
