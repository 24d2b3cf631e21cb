import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerPaths } from '../container/container-paths.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import type { NetworkDeps } from './network-deps.ts';
import type { EndpointRecord } from './network-record.ts';

/** Ends the lines of a hosts file that are ours to replace. */
const mark = ' # network';

/**
 * The container's own addresses in its hosts file, and the name servers of its networks in its resolv.conf. The files keep their inode:
 * they are mounted in the container. One that is not there was replaced by a mount of the user's.
 */
export async function writeNetworkFiles(
  { paths, containers, networks }: Pick<NetworkDeps, 'paths' | 'containers' | 'networks'>,
  record: ContainerRecord,
  endpoints: readonly EndpointRecord[],
): Promise<void> {
  const directory = paths.state(record.id);
  const { hostname = '', domainname } = containers.spec(record.id).spec;
  await edit(join(directory, 'hosts'), (text) => hostsWith(text, record, endpoints, [hostname, domainname]));
  const isInternal = ({ networkId }: EndpointRecord): boolean => networks.get(networkId)?.internal === true;
  // The first one is asked for everything: what reaches nothing outside comes last.
  const named = endpoints
    .filter(({ networkId }) => networks.get(networkId)?.nameResolution === true)
    .toSorted((left, right) => Number(isInternal(left)) - Number(isInternal(right)));
  const base = await baseOf(join(directory, 'resolv.conf'));
  if (base !== undefined)
    await writeFile(
      join(directory, 'resolv.conf'),
      resolvConfWith(
        base,
        named.flatMap(({ gateways }) => gateways),
      ),
    );
}

/** What a container sees that lives in the network of another one. */
export async function copyNetworkFiles(paths: ContainerPaths, from: string, to: string): Promise<void> {
  for (const name of ['hosts', 'resolv.conf']) {
    const text = await readFile(join(paths.state(from), name), 'utf8').catch(() => undefined);
    if (text !== undefined) await edit(join(paths.state(to), name), () => text);
  }
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text !== undefined) await writeFile(path, change(text));
}

function hostsWith(
  text: string,
  { request }: ContainerRecord,
  endpoints: readonly EndpointRecord[],
  [hostname, domainname]: readonly [string, string | undefined],
): string {
  const kept = text.split('\n').filter((line) => line !== '' && !line.endsWith(mark));
  const names = domainname === undefined ? hostname : `${hostname}.${domainname} ${hostname}`;
  const own = endpoints.flatMap(({ addresses }) => addresses.map((address) => `${address.split('/')[0]}\t${names}${mark}`));
  const gateway = endpoints.flatMap(({ gateways }) => gateways)[0];
  const gatewayNames = (request.extraHosts ?? []).flatMap((entry) => /^([^:=]+)[:=]host-gateway$/.exec(entry)?.[1] ?? []);
  const toHost = gateway === undefined ? [] : gatewayNames.map((name) => `${gateway}\t${name}${mark}`);
  return [...kept, ...(hostname === '' ? [] : own), ...toHost, ''].join('\n');
}

/** The file as it was made with the container, kept beside it. */
async function baseOf(path: string): Promise<string | undefined> {
  const base = `${path}.base`;
  await copyFile(path, base, 1).catch(() => undefined);
  return await readFile(base, 'utf8').catch(() => undefined);
}

/** Servers on the host's own loopback are not there in another namespace. */
function resolvConfWith(base: string, nameServers: readonly string[]): string {
  const lines = base.split('\n').filter((line) => {
    const [, server] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
    return line !== '' && (server === undefined || (nameServers.length === 0 && !/^(127\.|::1$)/.test(server)));
  });
  return [...nameServers.map((server) => `nameserver ${server}`), ...lines, ''].join('\n');
}
