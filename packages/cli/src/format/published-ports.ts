import type { ContainerView } from '@jocker/protocol';

/** `127.0.0.1:8080->80/tcp, …` */
export function publishedPorts({ endpoints }: ContainerView): string {
  return endpoints
    .flatMap(({ ports }) => ports.map((port) => `${port.hostAddress}:${port.hostPort}->${port.containerPort}/${port.protocol}`))
    .join(', ');
}
