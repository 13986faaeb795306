import { lookUp } from '../operate/look-up.mjs';
import { blocksOf, commandsOf, PAGE } from '../operate/page.mjs';

/** How the seeded pages have to be judged, so that a change to the check cannot make it blind. */
const SEEDS = {
  'a script that there is not': ['```sh\nnpm run nothing\n```', 'no script nothing'],
  'a route that there is not': ['```sh\ncurl "$URL/v1/nothing"\n```', 'no route GET /v1/nothing'],
  'a value that the chart does not have': [
    'Text **(not run here)**:\n\n```sh\nhelm upgrade tenantry helm/tenantry -f helm/tenantry/values-small.yaml --set nothing.at.all=1\n```',
    'no value nothing.at.all',
  ],
  'a release that would lose its profile': [
    '**(not run here)**\n```sh\nhelm upgrade tenantry helm/tenantry -f my-values.yaml\n```',
    'no profile',
  ],
  'a Deployment that there is not': [
    '**(not run here)**\n```sh\nkubectl logs deployment/nothing\n```',
    'the chart makes no nothing',
  ],
  'a file that there is not': [
    '**(not run here)**\n```sh\nhelm install x helm/nothing\n```',
    'no helm/nothing',
  ],
  'a command that nobody runs and nothing says so': ['```sh\nkubectl get pods\n```', 'nobody runs it'],
};

/** Every command of docs/operate.md is run by a test, is said not to be, or names what there is. */
export async function operatePage() {
  const problems = problemsOf(blocksOf());
  for (const [name, [page, expected]] of Object.entries(SEEDS))
    if (!problemsOf(blocksOf(page)).join().includes(expected))
      problems.push(`the check does not see ${name}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const kinds = Object.groupBy(blocksOf(), ({ kind }) => kind);
  const count = (kind) => kinds[kind]?.length ?? 0;
  return {
    note: `${count('run') + count('keys')} blocks are run, ${count('lookedUp')} looked up, ${count('notRun')} say that they were not run`,
  };
}

function problemsOf(blocks) {
  return blocks.flatMap((block) =>
    commandsOf(block).flatMap(({ line, text }) => {
      const { known, problems } = lookUp(text);
      const all = block.kind === 'lookedUp' && !known ? [...problems, `nobody runs it: ${text}`] : problems;
      return all.map((problem) => `${PAGE}:${line}: ${problem}`);
    }),
  );
}
