/**
 * Reads a Dockerfile as far as ours goes: stages, flags, lists in JSON, continued lines, ARG before the first FROM. What it does not know it refuses,
 * so that a test never passes over an instruction.
 *
 * @typedef {{ keyword: string, flags: Record<string, string>, text: string, list: string[] | undefined, line: number }} Instruction
 * @typedef {{ name: string, base: string, instructions: Instruction[] }} Stage
 */
const KEYWORDS = new Set(
  'ARG FROM WORKDIR COPY RUN ENV USER ENTRYPOINT CMD HEALTHCHECK LABEL EXPOSE'.split(' '),
);

/**
 * @param {string} text the Dockerfile.
 * @returns {{ args: Record<string, string>, stages: Stage[] }} what may be given to a build with its default, and the stages in their order.
 * @throws Error naming the line that it cannot read.
 */
export function parseDockerfile(text) {
  const args = {};
  const stages = [];
  for (const instruction of instructionsOf(text)) {
    const { keyword, line } = instruction;
    if (!KEYWORDS.has(keyword)) throw new Error(`Dockerfile:${line}: nobody here knows ${keyword}`);
    if (keyword === 'FROM') {
      const [base, as, name] = instruction.text.split(/\s+/);
      if (as?.toUpperCase() !== 'AS' || !name) throw new Error(`Dockerfile:${line}: the stage has no name`);
      const resolved = base.replace(/\$\{(\w+)\}/g, (_, arg) => {
        if (args[arg] === undefined) throw new Error(`Dockerfile:${line}: ${arg} has no default`);
        return args[arg];
      });
      stages.push({ name, base: resolved, instructions: [] });
    } else if (stages.length > 0) {
      stages.at(-1).instructions.push(instruction);
    } else {
      if (keyword !== 'ARG') throw new Error(`Dockerfile:${line}: ${keyword} before FROM`);
      const [name, value] = splitOnce(instruction.text, '=');
      args[name] = value;
    }
  }
  return { args, stages };
}

/** What a container of a stage is started with, inherited stages included. */
export function configurationOf(stages, name) {
  const stage = stageNamed(stages, name);
  const inherited = stages.some((other) => other.name === stage.base)
    ? configurationOf(stages, stage.base)
    : { base: stage.base, env: {}, workdir: '/', ports: [], user: undefined, healthcheck: undefined };
  return stage.instructions.reduce((config, { keyword, text, list }) => {
    switch (keyword) {
      case 'ENV':
        return { ...config, env: { ...config.env, ...variables(text) } };
      case 'WORKDIR':
        return { ...config, workdir: text };
      case 'USER':
        return { ...config, user: text };
      case 'ENTRYPOINT':
      case 'CMD':
        return { ...config, [keyword.toLowerCase()]: list };
      case 'EXPOSE':
        return { ...config, ports: [...config.ports, ...text.split(/\s+/)] };
      case 'HEALTHCHECK':
        return { ...config, healthcheck: text.startsWith('CMD ') ? JSON.parse(text.slice(4)) : undefined };
      default:
        return config;
    }
  }, inherited);
}

export function stageNamed(stages, name) {
  const stage = stages.find((candidate) => candidate.name === name);
  if (!stage) throw new Error(`the Dockerfile has no stage ${name}`);
  return stage;
}

function* instructionsOf(text) {
  let joined = '';
  let begun = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*#/.test(raw) || (raw.trim() === '' && joined === '')) continue;
    if (joined === '') begun = index + 1;
    joined += raw.endsWith('\\') ? `${raw.slice(0, -1)} ` : raw;
    if (raw.endsWith('\\')) continue;
    yield instruction(joined.trim(), begun);
    joined = '';
  }
  if (joined !== '') yield instruction(joined.trim(), begun);
}

function instruction(text, line) {
  const [, keyword, after = ''] = /^(\w+)\s*(.*)$/s.exec(text) ?? [];
  if (!keyword) throw new Error(`Dockerfile:${line}: not an instruction`);
  const flags = {};
  let rest = after;
  for (let match; (match = /^--([\w-]+)=(\S+)\s*/.exec(rest)); rest = rest.slice(match[0].length))
    flags[match[1]] = match[2];
  rest = rest.replace(/\s{2,}/g, ' ');
  const list = rest.startsWith('[') ? JSON.parse(rest) : undefined;
  return { keyword: keyword.toUpperCase(), flags, text: rest, list, line };
}

function variables(text) {
  const found = [...text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)];
  return Object.fromEntries(found.map(([, name, quoted, plain]) => [name, quoted ?? plain]));
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
