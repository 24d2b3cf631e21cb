import { JockerError, type EndpointRecord, type NetworkRecord, type PublishedPort } from '@jocker/core';
import { runCommand } from '../../runtimes/oci-cli/run-command.ts';
import { formatAddress, networkOf, parsePrefix } from './ipv4.ts';

/** What the rules know of an endpoint. */
type Wired = Pick<EndpointRecord, 'addresses' | 'ports'>;

/**
 * One nftables table of this engine. What depends on the networks is written anew, whole, when one comes or goes; a published port is
 * one element of a map. Changes run one after the other, and those that wait together go in one transaction.
 */
export interface Firewall {
  /** The rules for these networks, and the ports of these endpoints and no others. Without networks: no table. */
  rewrite(networks: readonly NetworkRecord[], endpoints: readonly Wired[]): Promise<void>;
  publish(endpoint: Wired): Promise<void>;
  /** Also of ports that are not there. */
  withdraw(endpoint: Wired): Promise<void>;
}

/** `marker` makes the table this engine's own: `jocker_MARKER`. */
export function createFirewall(marker: string): Firewall {
  const table = `jocker_${marker}`;
  interface Waiting {
    readonly commands: string;
    readonly done: PromiseWithResolvers<void>;
  }
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await runNft(batch.map(({ commands }) => commands).join('\n'));
        for (const { done } of batch) done.resolve();
      } catch (error) {
        // A transaction fails as a whole; each on its own finds the one that is at fault.
        if (batch.length === 1) batch[0]?.done.reject(error);
        else for (const { commands, done } of batch) await runNft(commands).then(done.resolve, done.reject);
      }
    }
    running = undefined;
  }
  const submit = async (commands: string): Promise<void> => {
    const done = Promise.withResolvers<void>();
    waiting.push({ commands, done });
    running ??= Promise.resolve().then(flush);
    await done.promise;
  };

  return {
    async rewrite(networks, endpoints) {
      if (networks.length === 0) await submit(`table ip ${table}\ndelete table ip ${table}`);
      else await submit([...staticRules(table, networks), ...endpoints.flatMap((endpoint) => elements(table, endpoint, 'add'))].join('\n'));
    },
    async publish(endpoint) {
      const commands = elements(table, endpoint, 'add');
      if (commands.length > 0) await submit(commands.join('\n'));
    },
    async withdraw(endpoint) {
      // To delete what is not there is an error, to add what is there is none.
      const commands = [...elements(table, endpoint, 'add'), ...elements(table, endpoint, 'delete')];
      if (commands.length > 0) await submit(`table ip ${table} {\n${maps}\n}\n${commands.join('\n')}`);
    },
  };
}

const maps = `  map published { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; }
  map published_everywhere { type inet_proto . inet_service : ipv4_addr . inet_service; }`;

function elements(table: string, { addresses, ports }: Wired, verb: 'add' | 'delete'): readonly string[] {
  const address = addresses[0]?.split('/')[0];
  if (address === undefined) return [];
  return ports.map((port) => {
    const target = `${address} . ${port.containerPort}`;
    return `${verb} element ip ${table} ${mapOf(port)} { ${keyOf(port)} : ${target} }`;
  });
}

const isEverywhere = ({ hostAddress }: PublishedPort): boolean => hostAddress === '0.0.0.0';
const mapOf = (port: PublishedPort): string => (isEverywhere(port) ? 'published_everywhere' : 'published');
const keyOf = (port: PublishedPort): string =>
  isEverywhere(port) ? `${port.protocol} . ${port.hostPort}` : `${port.protocol} . ${port.hostAddress} . ${port.hostPort}`;

/**
 * New connections go into a network only from itself or through a published port; replies always pass. A bridge hands out
 * 127.0.0.0/8 (route_localnet), which a container must not reach through it. Outbound connections get the host's address.
 */
function staticRules(table: string, networks: readonly NetworkRecord[]): readonly string[] {
  const all = `{ ${networks.map(({ hostInterface }) => `"${hostInterface}"`).join(', ')} }`;
  const published = [
    'fib daddr type local dnat ip to meta l4proto . ip daddr . th dport map @published',
    'fib daddr type local dnat ip to meta l4proto . th dport map @published_everywhere',
  ];
  const forward = [
    'ct state established,related accept',
    ...networks.map(({ hostInterface }) => `iifname "${hostInterface}" oifname "${hostInterface}" accept`),
    ...networks.filter(({ internal }) => internal).map(({ hostInterface }) => `iifname "${hostInterface}" drop`),
    ...networks.filter(({ internal }) => internal).map(({ hostInterface }) => `oifname "${hostInterface}" drop`),
    'ct status dnat accept',
    `oifname ${all} drop`,
  ];
  const input = networks
    .filter(({ internal }) => internal)
    .flatMap(({ hostInterface, subnets }) => [
      `iifname "${hostInterface}" ct state established,related accept`,
      ...subnets.map(({ gateway }) => `iifname "${hostInterface}" ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept`),
      `iifname "${hostInterface}" drop`,
    ]);
  const source = networks.flatMap(({ hostInterface, internal, subnets }) =>
    subnets.flatMap(({ subnet }) => {
      const { address, length } = parsePrefix(subnet);
      const net = `${formatAddress(networkOf({ address, length }))}/${length}`;
      return [
        // A container that reaches itself or a neighbour through a published port.
        `ip saddr ${net} oifname "${hostInterface}" ct status dnat masquerade`,
        ...(internal ? [] : [`ip saddr ${net} oifname != "${hostInterface}" masquerade`]),
      ];
    }),
  );
  return [
    `table ip ${table} {`,
    maps,
    '  chain guard { type filter hook prerouting priority raw; }',
    '  chain prerouting { type nat hook prerouting priority dstnat; }',
    '  chain output { type nat hook output priority -100; }',
    '  chain forward { type filter hook forward priority filter; }',
    '  chain input { type filter hook input priority filter; }',
    '  chain postrouting { type nat hook postrouting priority srcnat; }',
    '}',
    `flush table ip ${table}`,
    `flush map ip ${table} published`,
    `flush map ip ${table} published_everywhere`,
    ...rules(table, 'guard', [`iifname ${all} ip daddr 127.0.0.0/8 drop`]),
    ...rules(table, 'prerouting', published),
    ...rules(table, 'output', published),
    ...rules(table, 'forward', forward),
    ...rules(table, 'input', input),
    ...rules(table, 'postrouting', [`ip saddr 127.0.0.0/8 oifname ${all} masquerade`, ...source]),
  ];
}

const rules = (table: string, chain: string, list: readonly string[]): readonly string[] =>
  list.map((rule) => `add rule ip ${table} ${chain} ${rule}`);

async function runNft(commands: string): Promise<void> {
  const { exitCode, stderr } = await runCommand({ file: 'nft', args: ['-f', '-'], input: commands });
  if (exitCode !== 0) throw new JockerError('internal', `nft refused the rules of a network: ${stderr.split('\n')[0] ?? ''}`);
}
