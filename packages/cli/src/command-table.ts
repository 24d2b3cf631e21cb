import type { CliCommand } from './command.ts';

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<CliCommand>;
}

/** All commands. Only the one that is asked for is loaded. */
export const commandTable: Readonly<Record<string, CommandEntry>> = {
  run: { summary: 'Create a container and run it', load: async () => (await import('./commands/run.ts')).run },
  create: { summary: 'Create a container', load: async () => (await import('./commands/create.ts')).create },
  start: { summary: 'Start containers', load: async () => (await import('./commands/start.ts')).start },
  stop: { summary: 'Stop containers', load: async () => (await import('./commands/stop.ts')).stop },
  restart: { summary: 'Restart containers', load: async () => (await import('./commands/restart.ts')).restart },
  kill: { summary: 'Send a signal to containers', load: async () => (await import('./commands/kill.ts')).kill },
  pause: { summary: 'Freeze all processes of containers', load: async () => (await import('./commands/pause.ts')).pause },
  unpause: { summary: 'Let paused containers go on', load: async () => (await import('./commands/unpause.ts')).unpause },
  rm: { summary: 'Remove containers', load: async () => (await import('./commands/rm.ts')).rm },
  ps: { summary: 'List containers', load: async () => (await import('./commands/ps.ts')).ps },
  exec: { summary: 'Run a command in a running container', load: async () => (await import('./commands/exec.ts')).exec },
  attach: { summary: 'Attach to a running container', load: async () => (await import('./commands/attach.ts')).attach },
  logs: { summary: 'Show the output of a container', load: async () => (await import('./commands/logs.ts')).logs },
  wait: { summary: 'Wait until containers stop, print their exit codes', load: async () => (await import('./commands/wait.ts')).wait },
  inspect: { summary: 'Show everything about containers or images', load: async () => (await import('./commands/inspect.ts')).inspect },
  explain: { summary: 'Show who set each field of a container', load: async () => (await import('./commands/explain.ts')).explain },
  rename: { summary: 'Rename a container', load: async () => (await import('./commands/rename.ts')).rename },
  top: { summary: 'List the processes of a container', load: async () => (await import('./commands/top.ts')).top },
  stats: { summary: 'Show what containers use, live', load: async () => (await import('./commands/stats.ts')).stats },
  diff: { summary: 'List what a container changed against its image', load: async () => (await import('./commands/diff.ts')).diff },
  cp: { summary: 'Copy files between a container and this machine', load: async () => (await import('./commands/cp.ts')).cp },
  export: {
    summary: 'Write the file system of a container as a tar',
    load: async () => (await import('./commands/export.ts')).exportContainer,
  },
  commit: { summary: 'Make an image of a container', load: async () => (await import('./commands/commit.ts')).commit },
  port: { summary: 'List the published ports of a container', load: async () => (await import('./commands/port.ts')).port },
  network: { summary: 'Make, list, connect and remove networks', load: async () => (await import('./commands/network.ts')).network },
  volume: { summary: 'Make, list and remove volumes', load: async () => (await import('./commands/volume.ts')).volume },
  pull: { summary: 'Pull an image', load: async () => (await import('./commands/pull.ts')).pull },
  push: { summary: 'Push an image to its registry', load: async () => (await import('./commands/push.ts')).push },
  images: { summary: 'List images', load: async () => (await import('./commands/images.ts')).images },
  history: { summary: 'Show how an image was made', load: async () => (await import('./commands/history.ts')).history },
  tag: { summary: 'Give an image one more name', load: async () => (await import('./commands/tag.ts')).tag },
  rmi: { summary: 'Remove images', load: async () => (await import('./commands/rmi.ts')).rmi },
  save: { summary: 'Write images to an archive', load: async () => (await import('./commands/save.ts')).save },
  load: { summary: 'Read images from an archive', load: async () => (await import('./commands/load.ts')).load },
  import: { summary: 'Make an image of a root file system', load: async () => (await import('./commands/import.ts')).importImage },
  prune: { summary: 'Remove stopped containers and unused images', load: async () => (await import('./commands/prune.ts')).prune },
  events: { summary: 'Show what happens, as it happens', load: async () => (await import('./commands/events.ts')).events },
  info: { summary: 'Show the engine and its machine', load: async () => (await import('./commands/info.ts')).info },
  plugins: { summary: 'List plugins and what they provide', load: async () => (await import('./commands/plugins.ts')).plugins },
  plugin: { summary: 'Add, remove and look into plugins', load: async () => (await import('./commands/plugin.ts')).plugin },
  version: {
    summary: 'Show the versions of this program and of the engine',
    load: async () => (await import('./commands/version.ts')).version,
  },
  serve: { summary: 'Run the daemon in the foreground', load: async () => (await import('./commands/serve.ts')).serve },
  daemon: { summary: 'Start, stop or look at a daemon in the background', load: async () => (await import('./commands/daemon.ts')).daemon },
};
