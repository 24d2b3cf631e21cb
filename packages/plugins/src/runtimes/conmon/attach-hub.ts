import { Writable } from 'node:stream';
import { createOutputBroadcast, JockerError, type BundleLocation, type OutputBroadcast, type ProcessStreams } from '@jocker/core';
import { native, type SeqpacketConnection } from '@jocker/native';
import { bundleFiles } from './bundle-files.ts';

/**
 * One connection per container to conmon's attach socket, whatever the number of readers: a client that stops reading
 * there would stop the container.
 */
export interface AttachHub extends Disposable {
  attach(id: string, location: BundleLocation): ProcessStreams;
}

interface Hub {
  readonly broadcast: OutputBroadcast;
  readonly connection: SeqpacketConnection;
  sends: Promise<unknown>;
  closed: boolean;
}

/** A client that is late by more than this loses the oldest; the log has all. */
const readerLimitBytes = 16 << 20;
/** conmon reads at most 32 KiB of a packet and drops the rest. */
const packetLimitBytes = 16 * 1024;
const stderrMark = 3;

export function createAttachHub(): AttachHub {
  const hubs = new Map<string, Hub>();

  const connect = (id: string, location: BundleLocation): Hub => {
    const broadcast = createOutputBroadcast({ limitBytes: readerLimitBytes, pausable: false, onClose: () => leave(id, location) });
    const close = (): void => {
      hub.closed = true;
      if (hubs.get(id) === hub) hubs.delete(id);
      broadcast.end();
    };
    const onPacket = (packet: Buffer): void =>
      broadcast.write({ stream: packet[0] === stderrMark ? 'stderr' : 'stdout', data: packet.subarray(1) });
    let connection: SeqpacketConnection;
    try {
      connection = native().connectSeqpacket(bundleFiles(location.directory).attachSocket, onPacket, close);
    } catch (error) {
      throw new JockerError('failed-precondition', `container ${id} is not running`, {
        cause: error,
        details: { reason: 'not-running' },
      });
    }
    const hub: Hub = { broadcast, connection, sends: Promise.resolve(), closed: false };
    hubs.set(id, hub);
    return hub;
  };

  /** Without readers the connection costs the container time; but closing it would end a stdin that is open once. */
  const leave = (id: string, location: BundleLocation): void => {
    const hub = hubs.get(id);
    if (hub === undefined || hub.broadcast.readers > 0 || (location.openStdin && location.stdinOnce)) return;
    hubs.delete(id);
    void hub.sends.then(() => hub.connection.close());
  };

  return {
    attach(id, location) {
      const hub = hubs.get(id) ?? connect(id, location);
      const output = hub.broadcast.subscribe();
      const stdin = location.openStdin ? stdinOf(hub, location) : undefined;
      return {
        output,
        stdin,
        async [Symbol.asyncDispose]() {
          // What a client ended properly still goes to the process after the client went.
          if (stdin === undefined || !stdin.writableEnded || stdin.writableFinished) output.close();
          else stdin.once('close', () => output.close());
        },
      };
    },
    [Symbol.dispose]() {
      for (const hub of hubs.values()) {
        hub.connection.close();
        hub.broadcast.end();
      }
      hubs.clear();
    },
  };
}

function stdinOf(hub: Hub, location: BundleLocation): Writable {
  const inOrder = async (work: () => Promise<void>, done: (error?: Error | null) => void): Promise<void> => {
    const result = hub.sends.then(work);
    hub.sends = result.catch(() => undefined);
    try {
      await result;
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  const sendAll = async (data: Buffer): Promise<void> => {
    for (let start = 0; start < data.length; start += packetLimitBytes) {
      await hub.connection.send(data.subarray(start, start + packetLimitBytes));
    }
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => void inOrder(() => sendAll(chunk), done),
    final: (done) => void inOrder(async () => (location.stdinOnce && !hub.closed ? await hub.connection.endWrites() : undefined), done),
  }).on('error', () => undefined);
}
