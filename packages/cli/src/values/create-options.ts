import { Option, type Command } from 'commander';
import { JockerError, type CreateRequest, type ResourceLimits, type Ulimit } from '@jocker/protocol';
import { absoluteReference } from './absolute-reference.ts';
import { parseEnvironment, parseLabels } from './parse-key-values.ts';
import { parseMount } from './parse-mount.ts';
import { parseTmpfs, parseVolume } from './parse-mounts.ts';
import { healthcheckOf } from './health-options.ts';
import { loggingOf } from './log-options.ts';
import { networksOf } from './network-options.ts';
import { parseCpus, parseWhole } from './parse-number.ts';
import { parseSize } from './parse-size.ts';

/** What commander makes of the flags below. */
export interface CreateFlags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly rm?: boolean;
  readonly name?: string;
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly groupAdd: readonly string[];
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly volumesFrom: readonly string[];
  readonly tmpfs: readonly string[];
  readonly entrypoint?: string;
  readonly hostname?: string;
  readonly readOnly?: boolean;
  readonly memory?: string;
  readonly cpus?: string;
  readonly pidsLimit?: string;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOpt: readonly string[];
  readonly privileged?: boolean;
  readonly network: readonly string[];
  readonly networkAlias: readonly string[];
  readonly ip?: string;
  readonly macAddress?: string;
  readonly publish: readonly string[];
  readonly publishAll?: boolean;
  readonly expose: readonly string[];
  readonly addHost: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly link: readonly string[];
  readonly label: readonly string[];
  readonly healthCmd?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthRetries?: string;
  readonly healthStartPeriod?: string;
  readonly healthStartInterval?: string;
  readonly healthcheck: boolean;
  readonly stopSignal?: string;
  readonly stopTimeout?: string;
  readonly logDriver?: string;
  readonly logOpt: readonly string[];
  readonly shmSize?: string;
  readonly ulimit: readonly string[];
  readonly runtime?: string;
  readonly platform?: string;
  readonly pull?: 'missing' | 'always' | 'never';
  readonly detachKeys: string;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** The flags that `run` and `create` have in common, and `IMAGE [CMD…]`. */
export function addCreateOptions(command: Command): Command {
  const many = (flags: string, description: string): Option => new Option(flags, description).argParser(collect).default([], '');
  return command
    .helpOption('--help', 'show this')
    .argument('<image>', 'a reference: alpine, host:busybox, oci:DIR, rootfs:FILE …')
    .argument('[command...]', 'what to run instead of what the image says')
    .passThroughOptions()
    .option('-i, --interactive', 'keep stdin open')
    .option('-t, --tty', 'give it a terminal')
    .option('--rm', 'remove it when it has ended')
    .option('--name <name>', 'its name')
    .addOption(many('-e, --env <K=V>', 'set a variable'))
    .addOption(many('--env-file <file>', 'set the variables in a file'))
    .option('-w, --workdir <dir>', 'where the command runs')
    .option('-u, --user <user[:group]>', 'who runs it')
    .addOption(many('--group-add <group>', 'one more group'))
    .addOption(many('-v, --volume <src:dst[:ro]>', 'mount a volume, or a file or directory of this machine'))
    .addOption(many('--mount <key=value,…>', 'the same in words: type=bind|volume|tmpfs,source=…,target=…,readonly'))
    .addOption(many('--volumes-from <container[:ro]>', 'mount what another container mounts'))
    .addOption(many('--tmpfs <dir>', 'mount a file system in memory'))
    .option('--entrypoint <program>', "instead of the image's")
    .option('-h, --hostname <name>', 'its host name')
    .option('--read-only', 'mount its root file system read-only')
    .option('-m, --memory <size>', 'at most so much memory (64m)')
    .option('--cpus <number>', 'at most so many CPUs (0.5)')
    .option('--pids-limit <number>', 'at most so many processes (-1: any)')
    .addOption(many('--cap-add <capability>', 'add a capability'))
    .addOption(many('--cap-drop <capability>', 'drop a capability'))
    .addOption(many('--security-opt <option>', 'seccomp=unconfined, no-new-privileges'))
    .option('--privileged', 'give it all that the daemon may')
    .addOption(many('--network <network>', 'none, host, container:NAME or a network; name=NET,alias=A,ip=ADDRESS'))
    .addOption(many('--network-alias <name>', 'one more name for it on its network'))
    .option('--ip <address>', 'its address')
    .option('--mac-address <address>', 'its hardware address')
    .addOption(many('-p, --publish <[[address:]host:]port[/udp]>', 'publish a port on this machine'))
    .option('-P, --publish-all', 'publish all exposed ports')
    .addOption(many('--expose <port>', 'a port that -P publishes'))
    .addOption(many('--add-host <name:address>', 'one more line in its hosts file (host-gateway: this machine)'))
    .addOption(many('--dns <address>', 'its name server'))
    .addOption(many('--dns-search <domain>', 'where its names are looked for'))
    .addOption(many('--dns-option <option>', 'an option of resolv.conf'))
    .addOption(many('--link <container>', 'refused').hideHelp())
    .addOption(many('-l, --label <k=v>', 'set a label'))
    .option('--health-cmd <command>', 'what says whether it is healthy')
    .option('--health-interval <time>', 'between two checks (30s)')
    .option('--health-timeout <time>', 'for one check (30s)')
    .option('--health-retries <number>', 'so many failures make it unhealthy (3)')
    .option('--health-start-period <time>', 'at its start, when failures do not count')
    .option('--health-start-interval <time>', 'between two checks while it starts (5s)')
    .option('--no-healthcheck', "without the image's check")
    .option('--stop-signal <signal>', 'what stop sends')
    .option('--stop-timeout <seconds>', 'how long stop waits before it kills')
    .option('--log-driver <driver>', 'json-file, local (both keep it in files of the engine) or none')
    .addOption(many('--log-opt <k=v>', 'max-size=10m, max-file=3'))
    .option('--shm-size <size>', 'of /dev/shm')
    .addOption(many('--ulimit <name=soft[:hard]>', 'a resource limit'))
    .option('--runtime <name>', 'crun or runc')
    .option('--platform <os/arch>', 'which image of an index')
    .addOption(new Option('--pull <when>', 'when to pull the image').choices(['missing', 'always', 'never']).default('missing'))
    .option('--detach-keys <keys>', 'the keys that leave it running', 'ctrl-p,ctrl-q');
}

export async function createRequestOf(
  image: string,
  command: readonly string[],
  flags: CreateFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CreateRequest> {
  const directory = process.cwd();
  const mounts = [
    ...flags.volume.map((text) => parseVolume(text, directory)),
    ...flags.mount.map((text) => parseMount(text, directory)),
    ...flags.tmpfs.map(parseTmpfs),
  ];
  const env = await parseEnvironment(flags.env, flags.envFile, environment);
  const resources = resourcesOf(flags);
  return {
    image: absoluteReference(image, directory),
    ...given('name', flags.name),
    ...given('pull', flags.pull),
    ...given('platform', flags.platform),
    ...(command.length > 0 ? { command } : {}),
    ...(flags.entrypoint === undefined ? {} : { entrypoint: flags.entrypoint === '' ? [] : [flags.entrypoint] }),
    ...(env.length > 0 ? { env } : {}),
    ...given('workingDir', flags.workdir),
    ...given('user', flags.user),
    ...(flags.groupAdd.length > 0 ? { groupAdd: flags.groupAdd } : {}),
    ...given('hostname', flags.hostname),
    ...given('tty', flags.tty),
    ...given('openStdin', flags.interactive),
    ...(flags.label.length > 0 ? { labels: parseLabels(flags.label) } : {}),
    ...healthcheckOf(flags),
    ...given('stopSignal', flags.stopSignal),
    ...(flags.stopTimeout === undefined ? {} : { stopTimeoutSeconds: parseWhole('--stop-timeout', flags.stopTimeout) }),
    ...given('autoRemove', flags.rm),
    ...(mounts.length > 0 ? { mounts } : {}),
    ...(flags.volumesFrom.length > 0 ? { volumesFrom: flags.volumesFrom } : {}),
    ...given('readonlyRootfs', flags.readOnly),
    ...(flags.shmSize === undefined ? {} : { shmSizeBytes: parseSize('--shm-size', flags.shmSize) }),
    ...loggingOf(flags),
    ...networksOf(flags),
    ...given('privileged', flags.privileged),
    ...(flags.capAdd.length > 0 ? { capAdd: flags.capAdd } : {}),
    ...(flags.capDrop.length > 0 ? { capDrop: flags.capDrop } : {}),
    ...securityOf(flags.securityOpt),
    ...(flags.ulimit.length > 0 ? { ulimits: flags.ulimit.map(parseUlimit) } : {}),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    ...given('runtime', flags.runtime),
  };
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

function resourcesOf({ memory, cpus, pidsLimit }: CreateFlags): ResourceLimits {
  return {
    ...(memory === undefined ? {} : { memoryBytes: parseSize('--memory', memory) }),
    ...(cpus === undefined ? {} : { nanoCpus: parseCpus('--cpus', cpus) }),
    ...(pidsLimit === undefined ? {} : { pidsLimit: parseWhole('--pids-limit', pidsLimit) }),
  };
}

function securityOf(options: readonly string[]): Pick<CreateRequest, 'noNewPrivileges' | 'seccomp'> {
  let found: Pick<CreateRequest, 'noNewPrivileges' | 'seccomp'> = {};
  for (const option of options) {
    if (option === 'no-new-privileges') found = { ...found, noNewPrivileges: true };
    else if (option === 'seccomp=unconfined') found = { ...found, seccomp: 'unconfined' };
    else throw new JockerError('invalid-argument', `--security-opt ${option} is neither seccomp=unconfined nor no-new-privileges`);
  }
  return found;
}

function parseUlimit(text: string): Ulimit {
  const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name === '') throw new JockerError('invalid-argument', `--ulimit ${text} is not of the form nofile=1024:2048`);
  return { name, soft: Number(soft), hard: Number(hard) };
}
