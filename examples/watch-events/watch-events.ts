// Prints events as they happen, each once, also over restarts of the daemon. Ends after the container that it was told of is removed.
//   node --conditions=jocker-source examples/watch-events/watch-events.ts NAME
import { createJockerClient } from '@jocker/client';

const socketPath = (process.env['JOCKER_HOST'] ?? 'unix:///run/jocker/jocker.sock').replace(/^unix:\/\//, '');
const [, , watched] = process.argv;
using client = createJockerClient({ socketPath, client: 'example' });
const stop = new AbortController();
const { seq } = await client.system.snapshot();

await client.events.keepFollowing({
  since: seq,
  signal: stop.signal,
  onConnection: (state) => console.log(state === 'connected' ? 'watching' : `not connected: ${state.message}`),
  onEvent({ seq: number, name, event }) {
    console.log(number, name, 'name' in event ? event.name : '');
    if (name === 'container:removed' && event.name === watched) stop.abort();
  },
  onGone: async () => (await client.system.snapshot()).seq,
});
