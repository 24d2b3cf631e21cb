import { placeIn } from './temporary-engine.ts';

/** Creates, starts and removes a container, and ends as `kill -9` ends a process when a checkpoint is reached. */
const [directory = '', at = ''] = process.argv.slice(2);
const engine = await placeIn(directory).open(
  {},
  {
    async checkpoint(name) {
      if (name !== at) return;
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    },
  },
);
const command = ['sh', '-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'];
const { id } = await engine.containers.create({
  image: 'host:busybox',
  name: 'crash',
  command,
  ports: [{ protocol: 'tcp', containerPort: 80 }],
});
await engine.containers.start(id);
await engine.containers.remove(id, { force: true });
throw new Error(`checkpoint ${at} was not reached`);
