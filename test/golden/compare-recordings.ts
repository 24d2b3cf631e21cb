import type { Recorded, Recording } from './step.ts';

export interface Difference {
  readonly request: string;
  /** `status`, `header NAME`, or a path of the body. */
  readonly field: string;
  readonly docker: string;
  readonly jocker: string;
}

const absent = 'absent';

export function compareRecordings(
  docker: Readonly<Record<string, Recording>>,
  jocker: Readonly<Record<string, Recording>>,
): readonly Difference[] {
  return Object.entries(docker).flatMap(([area, recording]) =>
    Object.entries(recording).flatMap(([request, theirs]) => {
      const ours = jocker[area]?.[request];
      return ours === undefined
        ? [{ request, field: 'status', docker: String(theirs.status), jocker: absent }]
        : compareAnswers(request, theirs, ours);
    }),
  );
}

function compareAnswers(request: string, theirs: Recorded, ours: Recorded): readonly Difference[] {
  const flat = ({ status, headers, body }: Recorded): Readonly<Record<string, string>> => ({
    status: String(status),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`header ${name}`, value])),
    ...body,
  });
  const [docker, jocker] = [flat(theirs), flat(ours)];
  return [...new Set([...Object.keys(docker), ...Object.keys(jocker)])]
    .map((field) => ({ request, field, docker: docker[field] ?? absent, jocker: jocker[field] ?? absent }))
    .filter((difference) => difference.docker !== difference.jocker);
}
