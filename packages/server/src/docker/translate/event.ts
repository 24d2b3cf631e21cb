import type { ContainerSubject, EventEnvelope, EventPayload, NetworkAttachment } from '@jocker/core';
import { familiarReference } from '@jocker/core';

export interface DockerEvent {
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
  readonly Type: 'container' | 'image' | 'network' | 'volume' | 'daemon' | 'builder';
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'local';
  readonly time: number;
  readonly timeNano: number;
}

const pruned = { images: 'image', containers: 'container', networks: 'network', volumes: 'volume' } as const;

type Wired = Pick<ContainerSubject, 'containerId'> & Partial<Pick<EventPayload<'container:started'>, 'networks' | 'endpoints'>>;
type Attributes = Readonly<Record<string, string>>;

/** Docker's word for an event of ours; none for what Docker does not tell. A new event does not compile until it is placed here. */
export function toDockerEvents(envelope: EventEnvelope): readonly DockerEvent[] {
  const milliseconds = Date.parse(envelope.time);
  const event = (Type: DockerEvent['Type'], Action: string, ID: string, attributes: Attributes, from?: string): DockerEvent => ({
    ...(Type === 'container' || Type === 'image' ? { status: Action, id: ID, ...(from === undefined ? {} : { from }) } : {}),
    Type,
    Action,
    Actor: { ID, Attributes: attributes },
    scope: 'local',
    time: Math.floor(milliseconds / 1000),
    // Numbers of this size lose their last digits in JSON; Docker's clients read them as integers.
    timeNano: milliseconds * 1_000_000,
  });
  const container = (action: string, subject: ContainerSubject, extra: Attributes = {}): readonly DockerEvent[] => {
    const image = familiarReference(subject.image);
    return [event('container', action, subject.containerId, { ...subject.labels, ...extra, image, name: subject.name }, image)];
  };
  const network = (
    action: string,
    { networkId, network: name, driver }: Omit<NetworkAttachment, 'aliases'>,
    containerId: string,
  ): DockerEvent => event('network', action, networkId, { container: containerId, name, type: driver });
  /** Docker tells of networks with each start and each end. Events that were kept before there were networks have none. */
  const wiring = (action: string, { containerId, networks = [], endpoints = [] }: Wired): readonly DockerEvent[] =>
    networks
      .filter(({ networkId }) => endpoints.some((endpoint) => endpoint.networkId === networkId))
      .map((attachment) => network(action, attachment, containerId));
  const image = (action: string, id: string, name: string | null): readonly DockerEvent[] => [
    event('image', action, id, { name: name === null ? id : familiarReference(name) }),
  ];

  switch (envelope.name) {
    case 'image:pulled':
      return image('pull', familiarReference(envelope.event.reference), envelope.event.reference);
    case 'image:pushed':
      return image('push', familiarReference(envelope.event.reference), envelope.event.reference);
    case 'image:tagged':
      return image('tag', envelope.event.imageId, envelope.event.reference);
    case 'image:untagged':
      return image('untag', envelope.event.imageId, envelope.event.reference);
    case 'image:removed':
      return image('delete', envelope.event.imageId, null);
    case 'image:loaded':
      return image('load', envelope.event.imageId, envelope.event.references[0] ?? null);
    case 'image:imported':
      return image('import', envelope.event.imageId, envelope.event.reference);
    case 'image:saved':
      return envelope.event.references.flatMap((reference) => image('save', familiarReference(reference), reference));
    case 'container:created':
      return container('create', envelope.event);
    case 'container:started':
      return [...wiring('connect', envelope.event), ...container('start', envelope.event)];
    case 'container:exited':
      return [
        ...container('die', envelope.event, {
          exitCode: String(envelope.event.exitCode),
          execDuration: String(Math.floor(envelope.event.durationMs / 1000)),
        }),
        ...wiring('disconnect', envelope.event),
      ];
    case 'container:oom':
      return container('oom', envelope.event);
    case 'container:health':
      return container(`health_status: ${envelope.event.health}`, envelope.event);
    case 'container:signalled':
      return container('kill', envelope.event, { signal: String(envelope.event.signal) });
    case 'container:stopped':
      return container('stop', envelope.event);
    case 'container:restarted':
      return container('restart', envelope.event);
    case 'container:paused':
      return container('pause', envelope.event);
    case 'container:unpaused':
      return container('unpause', envelope.event);
    case 'container:renamed':
      return container('rename', envelope.event, { oldName: `/${envelope.event.oldName}` });
    case 'container:updated':
      return container('update', envelope.event);
    case 'container:removed':
      return container('destroy', envelope.event);
    case 'container:attached':
      return container('attach', envelope.event);
    case 'container:detached':
      return container('detach', envelope.event);
    case 'container:resized':
      return container('resize', envelope.event, { height: String(envelope.event.rows), width: String(envelope.event.columns) });
    case 'container:exported':
      return container('export', envelope.event);
    case 'container:committed':
      return container('commit', envelope.event, {
        comment: '',
        imageID: envelope.event.imageId,
        imageRef: envelope.event.reference ?? '',
      });
    case 'container:archive-read':
      return container('archive-path', envelope.event);
    case 'container:archive-written':
      return container('extract-to-dir', envelope.event);
    case 'container:top':
      return container('top', envelope.event);
    case 'exec:created':
      return container(`exec_create: ${envelope.event.command.join(' ')}`, envelope.event, { execID: envelope.event.execId });
    case 'exec:started':
      return container(`exec_start: ${envelope.event.command.join(' ')}`, envelope.event, { execID: envelope.event.execId });
    case 'exec:exited':
      return container('exec_die', envelope.event, { execID: envelope.event.execId, exitCode: String(envelope.event.exitCode) });
    case 'exec:detached':
      return container('exec_detach', envelope.event, { execID: envelope.event.execId });
    case 'network:created':
      return [event('network', 'create', envelope.event.networkId, { name: envelope.event.name, type: envelope.event.driver })];
    case 'network:removed':
      return [event('network', 'destroy', envelope.event.networkId, { name: envelope.event.name })];
    // To be on a network without running is no event of docker's.
    case 'network:connected':
      return envelope.event.endpoints.some(({ networkId }) => networkId === envelope.event.networkId)
        ? [network('connect', envelope.event, envelope.event.containerId)]
        : [];
    case 'network:disconnected':
      return [network('disconnect', envelope.event, envelope.event.containerId)];
    case 'volume:created':
      return [event('volume', 'create', envelope.event.name, { driver: envelope.event.driver })];
    case 'volume:removed':
      return [event('volume', 'destroy', envelope.event.name, { driver: envelope.event.driver })];
    case 'volume:mounted':
    case 'volume:unmounted': {
      const { volume, driver, containerId } = envelope.event;
      return [event('volume', envelope.name === 'volume:mounted' ? 'mount' : 'unmount', volume, { container: containerId, driver })];
    }
    case 'prune:finished':
      return [event(pruned[envelope.event.kind], 'prune', '', { reclaimed: String(envelope.event.reclaimedBytes) })];
    case 'image:pulling':
    case 'image:progress':
    case 'image:unpacked':
    case 'spec:built':
    case 'operation:started':
    case 'operation:finished':
    case 'operation:failed':
    case 'plugin:added':
    case 'plugin:removed':
    case 'plugin:failed':
    case 'plugin:restarted':
    case 'plugin:suspended':
    case 'plugin:recovered':
    case 'engine:warned':
      return [];
    default: {
      const missed: never = envelope;
      return missed;
    }
  }
}
