import type { DockerRoute } from './docker-route.ts';
import { maxApiVersion, minApiVersion } from './api-versions.ts';

const areas: readonly (readonly [title: string, prefixes: readonly string[]])[] = [
  ['System', ['/_ping', '/version', '/info', '/events', '/system', '/auth']],
  ['Containers', ['/containers']],
  ['Exec', ['/exec']],
  ['Images', ['/images', '/commit', '/distribution', '/build', '/session', '/grpc']],
  ['Networks', ['/networks']],
  ['Volumes', ['/volumes']],
  ['Swarm', ['/swarm', '/nodes', '/services', '/tasks', '/secrets', '/configs']],
  ['Plugins', ['/plugins']],
];

/** docs/reference/docker-compat.md: the table is made of the routes, the rest is told here. */
export function dockerCompatMarkdown(routes: readonly DockerRoute[]): string {
  const belongs = (route: DockerRoute, prefixes: readonly string[]): boolean =>
    prefixes.some((prefix) => route.path === prefix || route.path.startsWith(`${prefix}/`));
  const homeless = routes.find((route) => !areas.some(([, prefixes]) => belongs(route, prefixes)));
  if (homeless !== undefined) throw new Error(`${homeless.path} is in no area of the document`);
  const count = (support: DockerRoute['support']): number => routes.filter((route) => route.support === support).length;
  return [
    introduction,
    `${routes.length} operations: ${count('yes')} work, ${count('partly')} work in part, ${count('no')} answer 501.`,
    ...areas.map(([title, prefixes]) =>
      [`### ${title}\n`, '| operation | | |', '|---|---|---|', ...routes.filter((route) => belongs(route, prefixes)).map(row)].join('\n'),
    ),
    createFields,
  ]
    .join('\n\n')
    .concat('\n');
}

const row = ({ method, path, support, summary }: DockerRoute): string =>
  `| \`${method} ${path.replaceAll('*', '')}\` | ${support === 'no' ? '501' : support} | ${summary} |`;

const introduction = `# What works of the Docker Engine API

<!-- Made from the routes in packages/server/src/docker, and held to them by a test. -->

The socket of \`jocker serve\` speaks the Docker Engine API besides its own, versions ${minApiVersion} to ${maxApiVersion}, with the version in the path or without it:

\`\`\`console
$ export DOCKER_HOST=unix:///run/jocker/jocker.sock
$ docker run --rm host:busybox echo hello
\`\`\`

An image that no registry has, such as \`host:busybox\`, is pulled by its name as any other; \`docker pull host:busybox\` makes it there.

- Errors are \`{ "message": … }\` with Docker's status. What is not there answers 501 with a sentence that says so. A JSON body of more than
  8 MiB, or one that is none, is refused with 400 or 413.
- A version that is too old or too new is refused with 400, as dockerd does it.
- \`docker stats --no-stream\` takes a tenth of a second: the first sample is ours, no client has to wait for a second one.
- Events are kept on disk: \`since\` reaches further back than 256 events, and over a restart of the engine.
- A client of attach that stops reading stops nobody: when it is more than 16 MiB late it loses the oldest output, which the log still has.
- A port that names no address of the host is published on 127.0.0.1 (\`publishAddress\` in the config file); dockerd publishes on all addresses. Ports,
  ps and inspect tell the address that is used.
- Requests with an \`Origin\` header come from a web page and are refused.
- Answers are compared with dockerd's own, field by field; each difference and its reason is in \`test/golden/explanations.ts\`.

## Operations`;

const createFields = `## Fields of a create

A field that is not honoured is never dropped in silence: it is refused (501, or 400 for nonsense), or it is named in \`Warnings\`, and so is a field that is not
known here. A field that is empty, zero or null counts as absent.

| Config | |
|---|---|
| \`Image\` \`Cmd\` \`Entrypoint\` \`Env\` \`WorkingDir\` \`User\` \`Hostname\` \`Domainname\` \`Labels\` \`Tty\` \`OpenStdin\` \`StdinOnce\` \`AttachStdin\` \`AttachStdout\` \`AttachStderr\` \`StopSignal\` \`StopTimeout\` | honoured |
| \`ExposedPorts\` | kept and shown |
| \`NetworkDisabled\` | honoured: network \`none\` |
| \`Healthcheck\` | kept and shown; warned about: it is not run |
| \`Volumes\` | warned about: the data stays with the container |
| \`MacAddress\` | honoured, for the first network |
| \`OnBuild\` \`Shell\` \`ArgsEscaped\` | of builds, without effect |
| \`NetworkingConfig\` | honoured: any number of networks, \`Aliases\`, \`IPAMConfig.IPv4Address\`, \`MacAddress\`; IPv6 and \`Links\` are refused |

| HostConfig | |
|---|---|
| \`Binds\` \`Mounts\` (bind, tmpfs) \`Tmpfs\` \`ReadonlyRootfs\` \`ShmSize\` | honoured; named volumes are refused |
| \`Memory\` \`MemorySwap\` \`MemoryReservation\` \`MemorySwappiness\` \`OomKillDisable\` \`NanoCpus\` \`CpuShares\` \`CpuPeriod\` \`CpuQuota\` \`CpusetCpus\` \`CpusetMems\` \`PidsLimit\` \`BlkioWeight\` \`BlkioDevice…Bps\` \`BlkioDevice…IOps\` | honoured as far as the host's cgroups can |
| \`Privileged\` \`CapAdd\` \`CapDrop\` \`MaskedPaths\` \`ReadonlyPaths\` \`Devices\` \`DeviceCgroupRules\` \`Sysctls\` \`Ulimits\` \`OomScoreAdj\` \`GroupAdd\` | honoured |
| \`SecurityOpt\` | \`no-new-privileges\`, \`seccomp\`, \`systempaths\` honoured; an \`apparmor\` profile or a \`label\` is warned about |
| \`PidMode\` \`IpcMode\` \`UTSMode\` \`CgroupnsMode\` | \`host\` and a namespace of its own; that of another container is refused |
| \`NetworkMode\` | \`none\`, \`host\`, \`container:…\`, \`bridge\`, a network by name or id; \`default\` is what the configuration says, or \`bridge\` where networks can be made, else \`none\` |
| \`PortBindings\` \`PublishAllPorts\` | honoured for tcp and udp. An empty \`HostIp\` is 127.0.0.1 or what the configuration says, not every address; \`0.0.0.0\` and \`::\` are every IPv4 address |
| \`Dns\` \`DnsOptions\` \`DnsSearch\` \`ExtraHosts\` | honoured |
| \`AutoRemove\` \`Init\` \`Runtime\` \`Annotations\` \`ConsoleSize\` | honoured |
| \`LogConfig\` | \`json-file\`, \`local\`, \`none\` with \`max-size\` and \`max-file\`; other drivers and options are refused. Without \`max-size\` a log is bounded too (64 MiB, three files) |
| \`RestartPolicy\` | honoured |
| \`Links\` \`VolumesFrom\` \`CgroupParent\` \`StorageOpt\` \`DeviceRequests\` \`UsernsMode\` \`BlkioWeightDevice\` \`CpuRealtimePeriod\` \`CpuRealtimeRuntime\` | refused |
| \`ContainerIDFile\` \`Isolation\` \`CpuCount\` \`CpuPercent\` \`IOMaximumIOps\` \`IOMaximumBandwidth\` \`VolumeDriver\` \`Cgroup\` \`KernelMemory\` | of the client, of other systems or of the past, without effect |`;
