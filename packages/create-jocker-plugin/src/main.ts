#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { parseArguments } from './parse-arguments.ts';
import { writeTemplate } from './write-template.ts';

try {
  const wanted = parseArguments(process.argv.slice(2));
  const files = await writeTemplate(fileURLToPath(new URL('../templates', import.meta.url)), wanted);
  process.stdout.write(
    `${files.join('\n')}\n\ncd ${wanted.directory}\nnpm install\nnpm test          # the contract suite\nnpm run try       # a daemon with the plugin\n`,
  );
} catch (error) {
  process.stderr.write(`create-jocker-plugin: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
