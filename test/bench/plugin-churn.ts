// A packed plugin is added to a running daemon, used and removed, again and again, while clients ask for lists.
//   node --conditions=jocker-source test/bench/plugin-churn.ts [ROUNDS]        (default 200; needs root and npm)
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startDaemon } from '../support/daemon.ts';

const rounds = Number(process.argv[2] ?? 200);
const example = fileURLToPath(new URL('../../examples/hello-plugin', import.meta.url));
const residentMiB = async (pid: number): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

await using daemon = await startDaemon();
const { plugins, containers, images } = daemon.client;
const { stdout } = await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', daemon.directory], { cwd: example });
const archive = join(daemon.directory, stdout.trim());

let over = false;
let calls = 0;
const failures: string[] = [];
const asking = (async () => {
  while (!over) {
    for (const answer of await Promise.allSettled([containers.list(), images.list(), plugins.list()])) {
      calls += 1;
      if (answer.status === 'rejected') failures.push(String(answer.reason));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
})();
for (let round = 1; round <= rounds; round += 1) {
  await plugins.install({ use: archive });
  await images.pull(`hello:round-${round}`);
  const { id } = await containers.create({ image: `hello:round-${round}`, network: 'none' });
  await containers.start(id);
  const { exitCode } = await containers.wait(id);
  if (exitCode !== 0) failures.push(`round ${round} ended with ${exitCode}`);
  await containers.remove(id, { force: true });
  await images.remove(`hello:round-${round}`);
  await plugins.remove('hello');
  if (round % 20 === 0)
    console.log(`${round} rounds, ${calls} other calls, ${failures.length} failures, ${(await residentMiB(daemon.pid)).toFixed(0)} MiB`);
}
over = true;
await asking;
for (const failure of failures) console.log(failure);
console.log(`left in the data root: ${(await readdir(join(daemon.directory, 'data/plugin-packages'))).length} packages`);
