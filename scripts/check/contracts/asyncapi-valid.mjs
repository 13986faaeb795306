import parserModule from '@asyncapi/parser';
import { asyncApiDocuments } from '../../generate/asyncapi.mjs';

const { DiagnosticSeverity, Parser } = parserModule;

/** AsyncAPI's own parser finds nothing wrong with the document, and sees in it every message that there is. */
export async function asyncApiValid() {
  const { MESSAGE_SCHEMAS } = await import('@tenantry/contracts');
  const { 'docs/asyncapi/asyncapi.json': source } = await asyncApiDocuments();
  const { document, diagnostics } = await new Parser().parse(source);
  const problems = diagnostics
    .filter(({ severity }) => severity <= DiagnosticSeverity.Warning)
    .map(({ code, message, path }) => `${code} at ${path.join('/')}: ${message}`);
  const seen = new Set(document?.allMessages().map((message) => message.name()));
  const missed = Object.keys(MESSAGE_SCHEMAS).filter((type) => !seen.has(type));
  problems.push(...missed.map((type) => `the parser does not see the message ${type}`));
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
