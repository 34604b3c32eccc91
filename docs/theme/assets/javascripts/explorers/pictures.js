// The pictures of the explorers. tests/test_explorers.py makes the digit and the photograph anew from their sources.

const rowsOf = (text) => text.split(" ").map((row) => [...row].map(Number));
/** Sixteen levels, two pixels a byte. */
const shades = (text, side) => {
  const levels = [...atob(text)].flatMap((two) => [two.charCodeAt() >> 4, two.charCodeAt() & 15]);
  return Array.from({ length: side }, (_, i) => levels.slice(i * side, (i + 1) * side));
};

export const pictures = {
  edge: rowsOf("0001111 0001111 0001111 0001111 0001111 0001111 0001111"),
  corner: rowsOf("000000 010000 010000 010000 011110 000000"),
  digit: rowsOf("00744400 02996400 01810000 03830000 01895000 00019100 00249200 00685000"), // scikit-learn's digits, the third 5, in ten levels
  photo: shades("JlIjvaInIjxWZVVWVVZmZmZmZmYkISJMsyYlvtVmZmZmZmZmZmZmZiIhIkdTJiJ+00NEZmZmZmZmZmZmIiEiJEInIkgkmnlFZmZmZmZmZmYiISIUQicimyms2pO6dmZmZmZmZiIhIiRCJzz7J97do6/qZmZmZmZmYiESJEIn3ZUkvu2Cbf+mZmZmZma3cSQkUinDJBPM3JJCfOdmZmZmZu0xOmRSJTGYvLU3zKuEt1ZmZmZm7UOMU1IRERIlMiNVdlYhJmZmZmaTQV1jUREREREREREzEREWZndmZkIhVUJhERERERERERERERdnd3d3IiEiEmERERERERERERERFnd3d3ciIRISYRERNWZURWd2QREWd3d3dyIhEhJhEjiqu7u7vLqoMRZ3d3d3IiESEmEleru7zMy6qqmDFnd3d3cyIRISYTaKmIm7ypdomIYnd3d3d4IhEhJhVnZlRpvLdVZkNTh3d3iIMiRzEmN0JIVXeqiFM2ZEiYiIiIhyJFESZmVVQzZ4uYdVaIdniIiIiCIiUxJlZpZYqbjKqamZmJeIiIiIEiEREmSGiXmbqsysuqqWiIiIiIgiERERipiIisybzKm6qZmIiIiIiCIRERWrqpiYhpvMuJqomZiIiIiIERERSquZiJqmZndVeZmJmIiIiIgRERaqq5q4qWiqeJlHmbqYiIiIiBERaqureZeoaqu7qoaZmYiIiIiIERJqq6t2VaqHZnZ3ialZiIiIiIgREkqqqnQkmoiaqqmaqGmIiIiIiBESOaqaeGOJmZh2eZmGeIiIiIiIERM1qqp4hXiZm7uqmIaIiZiYiIgRMzOJqHiGd4maqrl2homYiZiIiBMzM2mneIOoNXZmZkWRaZiZmZmIMzMzSLZ2JYlkMRIlWKEVmZmZmZgzMyM3tDEWiXZTI1Z5sREliZmZmUMzIzMRERZ5d1RFZouxEREUeZmZkzIRERERFMeHZWZ3jZERERETaJmRERERERET6IdmZna+YRERERERJBERERERERLuiHVVee0hEREREREREREREREREa/ol2ef+hERERERERE=", 40), // Grace Hopper, U.S. Navy, public domain, from matplotlib's sample data
};
