import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JockerError, type EndpointRecord, type NetworkRecord } from '@jocker/core';
import { mountFlags } from '@jocker/native';
import { findProgram } from '../../runtimes/oci-cli/probe-runtime.ts';
import { runCommand } from '../../runtimes/oci-cli/run-command.ts';

/** Debian has it where podman looks for it. */
const places = ['/usr/lib/podman/aardvark-dns', '/usr/libexec/podman/aardvark-dns', 'aardvark-dns'];
const port = '53';
const startTimeoutMs = 5_000;

/**
 * aardvark-dns answers for the names on networks, at their gateways. It is a process of its own: names are found while no engine
 * runs, and the next engine finds it again by its pid file. One for all networks, and one that knows no resolver of the host for those
 * that reach nothing outside (CVE-2024-29018).
 */
export interface NameServers {
  /** Throws `failed-precondition` when there is no aardvark-dns. */
  assertInstalled(): Promise<void>;
  /**
   * The names on a network, from now on. `lent`: all internal networks with a container that is on another one too. Such a container asks
   * the server that knows the host's resolvers, which must know their names as well.
   */
  tell(network: NetworkRecord, endpoints: readonly EndpointRecord[], lent: readonly Populated[]): Promise<void>;
  /** A network that is no more. The process goes with the last one. */
  forget(network: NetworkRecord): Promise<void>;
  /** Everything anew, and nothing that is not there any more. */
  restore(networks: readonly Populated[], lent: readonly Populated[]): Promise<void>;
}

export interface Populated {
  readonly network: NetworkRecord;
  readonly endpoints: readonly EndpointRecord[];
}

export function createNameServers(directory: string): NameServers {
  const outside = createNameServer(join(directory, 'dns'), []);
  const noResolvers = join(directory, 'no-resolvers');
  const inside = createNameServer(join(directory, 'dns-internal'), [
    { source: noResolvers, target: '/etc/resolv.conf', type: '', flags: mountFlags['bind'] ?? 0, data: '' },
  ]);
  /** What the server outside was told of internal networks. */
  const told = new Map<string, string>();
  const lend = async (lent: readonly Populated[]): Promise<void> => {
    const wanted = new Map(lent.map(({ network, endpoints }) => [network.id, contentOf(placeOf(network), endpoints)]));
    const changes = new Set([...told.keys(), ...wanted.keys()].filter((id) => told.get(id) !== wanted.get(id)));
    told.clear();
    for (const [id, content] of wanted) told.set(id, content);
    await Promise.all([...changes].map((id) => outside.set(id, wanted.get(id))));
  };
  const serverOf = ({ internal }: NetworkRecord): NameServer => (internal ? inside : outside);
  const prepare = async (): Promise<void> => {
    await mkdir(directory, { recursive: true, mode: 0o711 });
    await writeFile(noResolvers, '');
  };
  return {
    async assertInstalled() {
      if ((await findAardvark()) === undefined)
        throw new JockerError(
          'failed-precondition',
          'aardvark-dns, which finds containers by name, is not installed; install it with: apt-get install aardvark-dns',
        );
    },
    async tell(network, endpoints, lent) {
      await prepare();
      await Promise.all([serverOf(network).set(network.id, contentOf(network.subnets, endpoints)), lend(lent)]);
    },
    forget: (network) => serverOf(network).set(network.id, undefined),
    async restore(networks, lent) {
      await prepare();
      told.clear();
      for (const { network, endpoints } of lent) told.set(network.id, contentOf(placeOf(network), endpoints));
      for (const [server, internal] of [[outside, false] as const, [inside, true] as const]) {
        const mine = networks.filter(({ network }) => network.nameResolution && network.internal === internal);
        const own = mine.map(({ network, endpoints }) => [network.id, contentOf(network.subnets, endpoints)] as const);
        await server.replace(new Map([...own, ...(internal ? [] : told)]));
      }
    },
  };
}

/** The address to listen at, then a line for each container: id, IPv4 addresses, IPv6 addresses, names, resolvers. */
function contentOf(subnets: readonly { readonly gateway: string }[], endpoints: readonly EndpointRecord[]): string {
  const lines = endpoints.map(({ containerId, addresses, names, resolvers = [] }) => {
    const plain = addresses.map((address) => address.split('/')[0]).join(',');
    const own = resolvers.length === 0 ? '' : ` ${resolvers.join(',')}`;
    return `${containerId} ${plain}  ${names.join(',')}${own}`;
  });
  return [subnets.map(({ gateway }) => gateway).join(','), ...lines, ''].join('\n');
}

/** A server wants an address for each network. The gateway of an internal one is the other server's; nobody asks at this one. */
function placeOf({ id }: NetworkRecord): readonly { readonly gateway: string }[] {
  const [first = 0, second = 0, third = 0] = Buffer.from(id.slice(0, 6), 'hex');
  return [{ gateway: `127.${2 + (first % 250)}.${second}.${1 + (third % 250)}` }];
}

interface NameServer {
  /** The configuration of one network; undefined removes it. */
  set(networkId: string, content: string | undefined): Promise<void>;
  replace(contents: ReadonlyMap<string, string>): Promise<void>;
}

type Mounts = NonNullable<Parameters<typeof runCommand>[0]['mounts']>;

function createNameServer(directory: string, mounts: Mounts): NameServer {
  const pidFile = join(directory, 'aardvark.pid');
  const wanted = new Map<string, string | undefined>();
  let working: Promise<void> | undefined;

  /** The pid of the process that serves this folder, whoever started it. */
  async function running(): Promise<number | undefined> {
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return commandLine.split('\0').includes(directory) ? pid : undefined;
  }

  async function start(): Promise<void> {
    const program = await findAardvark();
    if (program === undefined) throw new JockerError('unavailable', 'aardvark-dns is not installed any more');
    // Its first process ends when the one that serves runs.
    const { exitCode, stderr } = await runCommand({ file: program, args: ['--config', directory, '-p', port, 'run'], mounts });
    for (const giveUp = Date.now() + startTimeoutMs; (await running()) === undefined;) {
      if (exitCode !== 0 || Date.now() > giveUp)
        throw new JockerError('unavailable', `aardvark-dns did not start: ${stderr.trim().split('\n')[0] ?? ''}`);
      await sleep(5);
    }
  }

  /** Writes what has changed since and lets the process read it; changes that come meanwhile go together in the next turn. */
  async function work(): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    while (wanted.size > 0) {
      const changes = [...wanted];
      wanted.clear();
      for (const [name, content] of changes) {
        const path = join(directory, name);
        if (content === undefined) await rm(path, { force: true });
        else {
          // Outside of the folder: each file in it is read as a network.
          await writeFile(`${directory}.new`, content);
          await rename(`${directory}.new`, path);
        }
      }
      const isNeeded = (await readdir(directory)).some((name) => /^[0-9a-f]{64}$/.test(name));
      const pid = await running();
      if (isNeeded && pid === undefined) await start();
      else if (pid !== undefined) process.kill(pid, isNeeded ? 'SIGHUP' : 'SIGTERM');
      if (!isNeeded) await rm(pidFile, { force: true });
    }
  }
  const apply = (): Promise<void> => {
    // What one turn does not see, the next one does.
    working = (working ?? Promise.resolve()).catch(() => undefined).then(work);
    return working;
  };

  return {
    async set(networkId, content) {
      wanted.set(networkId, content);
      await apply();
    },
    async replace(contents) {
      const present = (await readdir(directory).catch(() => [])).filter((name) => name !== 'aardvark.pid');
      for (const name of present) wanted.set(name, undefined);
      for (const [name, content] of contents) wanted.set(name, content);
      if (wanted.size > 0) await apply();
    },
  };
}

async function findAardvark(): Promise<string | undefined> {
  for (const place of places) {
    const found = await findProgram(place);
    if (found !== undefined) return found;
  }
  return undefined;
}
