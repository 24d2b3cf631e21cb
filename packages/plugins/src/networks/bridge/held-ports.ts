import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, createServer, type Server } from 'node:net';
import { JockerError, type PortRequest, type PublishedPort } from '@jocker/core';

const defaultHostAddress = '127.0.0.1';

/**
 * Host ports that endpoints publish. nftables does not take a port from anybody, so a socket holds each: two containers, or a
 * container and another program, cannot both believe to have it.
 */
export interface HeldPorts extends AsyncDisposable {
  /** Takes a port for each request, or none: throws `already-exists` with the address and port that is taken. */
  take(endpointId: string, requests: readonly PortRequest[]): Promise<readonly PublishedPort[]>;
  /** Holds ports that an endpoint had before this process; what somebody else has taken meanwhile is left to them. */
  takeAgain(endpointId: string, ports: readonly PublishedPort[]): Promise<void>;
  /** Where connections to `[::1]` go, for a port of 127.0.0.1: many clients try ::1 first for `localhost`, and there are no IPv6 rules. */
  forward(endpointId: string, address: string): void;
  release(endpointId: string): Promise<void>;
}

interface Held {
  readonly port: PublishedPort;
  close(): Promise<void>;
}

export function createHeldPorts(): HeldPorts {
  const held = new Map<string, Held[]>();
  const targets = new Map<string, string>();

  const hold = async (endpointId: string, port: PublishedPort): Promise<Held> => {
    if (port.protocol === 'udp') return holdDatagrams(port);
    const target = (): string | undefined => targets.get(endpointId);
    const main = await holdConnections(port, port.hostAddress, target);
    const taken = { ...port, hostPort: main.hostPort };
    const isLocal = port.hostAddress === defaultHostAddress || port.hostAddress === '0.0.0.0';
    // The machine may have no IPv6, or the port may be another's there: then it is refused there, at once.
    const sibling = isLocal
      ? await holdConnections(taken, port.hostAddress === '0.0.0.0' ? '::' : '::1', target).catch(() => undefined)
      : undefined;
    return {
      port: taken,
      async close() {
        await Promise.all([main.close(), sibling?.close()]);
      },
    };
  };
  const release = async (endpointId: string): Promise<void> => {
    const list = held.get(endpointId) ?? [];
    held.delete(endpointId);
    targets.delete(endpointId);
    await Promise.all(list.map((each) => each.close()));
  };

  return {
    async take(endpointId, requests) {
      const list: Held[] = [];
      held.set(endpointId, list);
      try {
        for (const request of requests) list.push(await takeFirstFree(request, (port) => hold(endpointId, port)));
      } catch (error) {
        await release(endpointId);
        throw error;
      }
      return list.map(({ port }) => port);
    },
    async takeAgain(endpointId, ports) {
      await release(endpointId);
      const list = await Promise.all(ports.map((port) => hold(endpointId, port).catch(() => undefined)));
      held.set(
        endpointId,
        list.flatMap((each) => each ?? []),
      );
    },
    forward: (endpointId, address) => void targets.set(endpointId, address),
    release,
    async [Symbol.asyncDispose]() {
      await Promise.all([...held.keys()].map(release));
    },
  };
}

async function takeFirstFree(request: PortRequest, hold: (port: PublishedPort) => Promise<Held>): Promise<Held> {
  const { protocol, containerPort, hostAddress = defaultHostAddress } = request;
  const { from, to } = request.hostPorts ?? { from: 0, to: 0 };
  for (let hostPort = from; ; hostPort++) {
    try {
      return await hold({ protocol, containerPort, hostAddress, hostPort });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && hostPort < to) continue;
      const range = from === to ? `port ${hostPort}/${protocol}` : `no port of ${from}-${to}/${protocol}`;
      if (code === 'EADDRINUSE')
        throw new JockerError('already-exists', `${range} of ${hostAddress} is ${from === to ? 'taken already' : 'free'}`, {
          cause: error,
        });
      if (code === 'EADDRNOTAVAIL')
        throw new JockerError('invalid-argument', `this machine has no address ${hostAddress}`, { cause: error });
      throw new JockerError('unavailable', `${range} of ${hostAddress} cannot be published: ${String(code)}`, { cause: error });
    }
  }
}

interface HeldConnections {
  readonly hostPort: number;
  close(): Promise<void>;
}

/** Connections that the rules did not redirect arrive here, those to IPv6 addresses above all; they are passed on. */
async function holdConnections(port: PublishedPort, host: string, target: () => string | undefined): Promise<HeldConnections> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const address = target();
    client.on('error', () => undefined);
    if (address === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect({ host: address, port: port.containerPort, allowHalfOpen: true });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.once('connect', () => {
      client.pipe(upstream);
      upstream.pipe(client);
      client.resume();
    });
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, host, port.hostPort);
  const address = server.address();
  return {
    hostPort: typeof address === 'object' && address !== null ? address.port : port.hostPort,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true, exclusive: true }, resolve);
  });
  server.on('error', () => undefined);
}

async function holdDatagrams(port: PublishedPort): Promise<Held> {
  const socket: DatagramSocket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: port.hostAddress, port: port.hostPort, exclusive: true }, resolve);
  });
  socket.on('error', () => undefined);
  return {
    port: { ...port, hostPort: socket.address().port },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
