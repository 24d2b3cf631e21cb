import { Option, type Command } from 'commander';

/** What a daemon may be told on the command line. */
export function addServeOptions(command: Command): Command {
  return command
    .option('--socket <path>', 'where it listens (/run/jocker/jocker.sock)')
    .option('--data-root <dir>', 'images, containers and logs (/var/lib/jocker)')
    .option('--run-root <dir>', 'what a reboot may take (/run/jocker)')
    .option('--runtime <name>', 'the default runtime: crun or runc')
    .addOption(
      new Option('--plugin <path>', 'a plugin: a file, a folder or a package; may be repeated')
        .argParser((value: string, before: readonly string[]) => [...before, value])
        .default([], ''),
    )
    .option('--config <file>', 'a JSON file with the same settings and more')
    .option('--debug', 'log more');
}
