// Runs a container on the daemon and prints what it wrote.
//   JOCKER_HOST=unix:///run/jocker/jocker.sock node --conditions=jocker-source examples/run-a-container/run-a-container.ts
import { createJockerClient } from '@jocker/client';

const socketPath = (process.env['JOCKER_HOST'] ?? 'unix:///run/jocker/jocker.sock').replace(/^unix:\/\//, '');
using client = createJockerClient({ socketPath, client: 'example' });

const { id } = await client.containers.create({ image: 'host:busybox', command: ['sh', '-c', 'echo "6 x 7 = $((6*7))"; exit 5'] });
await client.containers.start(id);
const { exitCode } = await client.containers.wait(id);
for await (const { stream, data } of client.containers.logs(id)) console.log(`${stream}: ${Buffer.from(data).toString().trimEnd()}`);
console.log(`exit code ${exitCode}`);
await client.containers.remove(id);
