import { JockerError } from '../errors/jocker-error.ts';
import { fullFormat, longFormat, plainFormat, psColumns, userFormat, type PsColumn } from './ps-columns.ts';

/** Which processes is not asked: it is always those of the container. */
const selecting = new Set('aAdexgw');

/** The columns that arguments of ps(1) ask for: `-ef`, `aux`, `-eo pid,comm`, `-o pid= -o args`. Throws `invalid-argument`. */
export function parsePsArguments(text: string): readonly PsColumn[] {
  const words = text.trim().split(/\s+/).filter(Boolean);
  let format = plainFormat;
  const asked: PsColumn[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const bsd = !word.startsWith('-');
    const letters = word.replace(/^-/, '').split('');
    if (letters.length === 0 || word.startsWith('--')) throw unknown(word);
    for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
      if (letter === 'o' || letter === 'O') {
        const list = letters.length > 0 ? letters.splice(0).join('') : words.shift();
        if (list === undefined) throw new JockerError('invalid-argument', 'ps option o needs a list of columns');
        asked.push(...(letter === 'O' ? plainFormat.slice(0, 1) : []), ...columnsOf(list));
      } else if (letter === 'f' || letter === 'F') format = bsd ? format : fullFormat;
      else if (letter === 'u' && (bsd || word === '-aux')) format = userFormat;
      else if (letter === 'l') format = longFormat;
      else if (!selecting.has(letter)) throw unknown(word);
    }
  }
  return asked.length > 0 ? asked : format;
}

/** `pid,comm`, and `pid=TITLE`, which takes the rest of the list. */
function columnsOf(list: string): PsColumn[] {
  const [names = '', ...title] = list.split('=');
  return names
    .split(',')
    .filter(Boolean)
    .map((name, index, all) => {
      const column = psColumns[name.toLowerCase()];
      if (column === undefined) throw new JockerError('invalid-argument', `ps knows no column "${name}" here`);
      return title.length > 0 && index === all.length - 1 ? { ...column, title: title.join('=') } : column;
    });
}

function unknown(word: string): JockerError {
  return new JockerError('invalid-argument', `ps argument "${word}" is not supported; use -ef, aux or -o with columns`);
}
