/** The numbers of a list such as `0-2,7`, as cpuset files write it; undefined when it is no such list. */
export function parseCpuList(text: string): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first) return undefined;
    for (let number = first; number <= last; number += 1) numbers.add(number);
  }
  return [...numbers].toSorted((left, right) => left - right);
}
