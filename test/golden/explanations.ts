import type { Difference } from './compare-recordings.ts';

export interface Explanation {
  readonly reason: string;
  /** It need not show on every host. */
  readonly hostDependent: boolean;
  readonly covers: (difference: Difference) => boolean;
}

interface Where {
  readonly field: RegExp;
  readonly request?: RegExp;
  readonly docker?: RegExp;
  readonly jocker?: RegExp;
  readonly hostDependent?: true;
}

function because(reason: string, { field, request, docker, jocker, hostDependent }: Where): Explanation {
  return {
    reason,
    hostDependent: hostDependent === true,
    covers: (difference) =>
      field.test(difference.field) &&
      (request?.test(difference.request) ?? true) &&
      (docker?.test(difference.docker) ?? true) &&
      (jocker?.test(difference.jocker) ?? true),
  };
}

const rest = /^(status|message|Id|Warnings|StatusCode|each Action)?$|^\[\]\.(error|errorDetail\.message|status)$|^header content-type$/;

/** Every difference between dockerd 20.10 and jocker, and why it is there. */
export const explanations: readonly Explanation[] = [
  because('the newest version that each speaks', { field: /^header api-version$/ }),
  because('jocker says who it is in every answer, dockerd not in errors of its router and of connections that it took over', {
    field: /^header (docker-experimental|ostype)$/,
    docker: /absent/,
  }),

  // Statuses.
  because('dockerd 20.10 answers 500 to requests that are wrong; newer ones answer 400, and so does jocker', {
    field: /^status$/,
    docker: /500/,
    jocker: /400/,
  }),
  because('an object that is not there is 404, and a state that forbids something 409, where dockerd 20.10 says 500', {
    field: /^status$/,
    request: /^(list before one that is not there|unpause again)$/,
  }),
  because('there is no swarm: 501 instead of 503', {
    field: /^status$/,
    request: /^(swarm|nodes|services|tasks|secrets|configs)$/,
    jocker: /501/,
  }),
  because("Docker's plugins are not supported: 501 instead of an empty list", { field: rest, request: /^plugins$/ }),
  because('no registry is searched, and nothing is imported from addresses', {
    field: /^status$/,
    request: /^(a search|pull without a name)$/,
    jocker: /501/,
  }),
  because('what jocker has not is told from what is wrong: 501 instead of 400', {
    field: /^status$/,
    request: /^create with a (log driver that is not there|namespace of nobody)$/,
    jocker: /501/,
  }),
  because('a name that no image can have is the name of no image', { field: /^status$/, docker: /400/, jocker: /404/ }),
  because('dockerd 20.10 overlooks a filter or a condition that is not known; newer ones refuse it, and so does jocker', {
    field: rest,
    request: /^(events by a wrong filter|wait for a condition that is none)$/,
  }),
  because('what fails before it has begun fails with a status, not with a line in a stream that says 200', {
    field: rest,
    request: /^(load what is no archive|push an image that is not there)$/,
  }),
  because('what fails before the connection was taken over is an answer in JSON with its status', {
    field: rest,
    request: /^(attach to what is (paused|not there)|attach with keys that are none|start an exec again)$/,
  }),
  because('processes are read from the host without ps, which needs no column of numbers', {
    field: /^(status|message|Titles\[\]|Processes\[\]\[\])$/,
    request: /^processes without their numbers$/,
  }),

  // Streams.
  because('a log tells the type of its framing to old clients too', { field: /^header content-type$/, request: /^logs/, docker: /absent/ }),
  because('at a terminal, output that comes after the end of the input is still delivered', {
    field: /^(raw)?$/,
    request: /^attach to a terminal$/,
  }),
  because('why a program cannot be run is told on stderr, with the exit code 127 that dockerd 20.10 has not yet', {
    field: /^(stream [12]|ExitCode)$/,
    request: /^an exec of nothing/,
  }),
  because('docker save of 20.10 writes the older layout of an archive; jocker, as newer ones, an OCI layout with a manifest.json', {
    field: /^entries$/,
    request: /^save/,
  }),
  because("the engine's own files are mounted over the root, not made in it", { field: /^entries$/, request: /^export$/ }),
  because('an import is told with its name; labels of images are not repeated in events, and a tag is part of an import', {
    field: /^(each Action|\[\]\.Actor\.Attributes\.(name|made))$/,
    request: /^events of images$/,
  }),
  because('the stop within a restart is told by the restart', { field: /^each Action$/, request: /^events of one life$/ }),
  because('newer versions tell how long a container ran', { field: /execDuration$/ }),

  // Fields.
  because('lists that are empty are lists, as in newer versions', {
    field: /(^|\.)(BuildCache|RepoDigests(\[\])?|PortBindings)$/,
    docker: /null|string/,
  }),
  because('fields that newer versions have are there for older clients too', {
    field: /(^|\.)(EnableIPv4|DNSNames|GwPriority|CDISpecDirs)$/,
    docker: /absent/,
  }),
  because('a field that says nothing is left out, as in newer versions', { field: /^Error$/, request: /^wait/, docker: /null/ }),
  because('null stands for the defaults', { field: /^HostConfig\.(MaskedPaths|ReadonlyPaths)(\[\])?$/ }),
  because('a policy that nobody asked for is called no, as in newer versions', { field: /^HostConfig\.RestartPolicy\.Name$/ }),
  because('the default runtime is another one', { field: /^HostConfig\.Runtime$|^Runtimes\./ }),
  because('a size is shown in bytes', { field: /^HostConfig\.Tmpfs\./ }),
  because('what lies in memory is among the mounts too', { field: /^Mounts\[\]\./, request: /^inspect everything$/ }),
  because('a container knows its network from its creation, not only from its first start', {
    field: /^NetworkSettings\.Networks\.bridge\.NetworkID$/,
    request: /^inspect what the image decides$/,
    jocker: /id/,
  }),
  because('dockerd warned of its default network where it was recorded (only there, and its words were not kept); ours does its work', {
    field: /^Warnings(\[\])?$/,
    request: /^create with an empty host configuration$/,
  }),
  because('what has no network has no endpoint, and a namespace is named by its path alone', {
    field: /(EndpointID|SandboxID|NetworkID)$/,
    docker: /id/,
  }),
  because('where a snapshotter keeps its files is its own affair', { field: /^GraphDriver\.Data|^DriverStatus/ }),
  because('an image knows its layers, not the images that it was made from, nor the container', {
    field: /^(Parent|Container|ContainerConfig\..*|\[\]\.Id|\[\]\.Tags(\[\])?|Images\[\]\.ParentId)$/,
    request: /committed|disk usage/,
  }),
  because('there are no volumes yet', { field: /^Plugins\.Volume/ }),
  because('dockerd leaves out a size of nothing', { field: /^\[\]\.SizeRw$/ }),
  because('what the host cannot do is told where it matters', {
    field: /^Warnings(\[\])?$/,
    request: /^(info|update)/,
    hostDependent: true,
  }),
  because('bytes are told in sum, not for each disk; processors are not told one by one', {
    field: /^(blkio_stats|cpu_stats\.cpu_usage\.percpu_usage)/,
    hostDependent: true,
  }),
  because('all counters that the kernel has for the memory are told', { field: /^memory_stats\.stats\./, hostDependent: true }),
  because('the number of processes is limited unless asked otherwise', { field: /^pids_stats\.limit$/ }),
];
