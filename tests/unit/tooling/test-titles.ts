/** Titles of the tests in a source file, read from its syntax tree, so that comments do not count. Not a test itself. */
import ts from 'typescript';

const TESTS = new Set(['test', 'it']);

/** `test`, `it`, and either of them after `.each(...)` or `.each<T>(...)`. */
function declaresTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return TESTS.has(callee.text);
  if (!ts.isCallExpression(callee)) return false;
  const each = callee.expression;
  return (
    ts.isPropertyAccessExpression(each) &&
    each.name.text === 'each' &&
    ts.isIdentifier(each.expression) &&
    TESTS.has(each.expression.text)
  );
}

/** First arguments of all calls that declare a test, as written (placeholders of `each` stay). */
export function testTitles(source: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && declaresTest(node.expression)) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('test.ts', source, ts.ScriptTarget.Latest, false));
  return titles;
}
