// SAPL: the embedded decision point over documents and subscriptions parsed before, deny overrides, asked with
// decideOnce. The selective conditions are the target, which its indexes read; the rest is the body. Two
// indexes: the naive one, which its factory takes, and the canonical one.
// usage: Peer WORKLOAD SIZES [quick]
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sapl.api.pdp.AuthorizationSubscription;
import io.sapl.api.pdp.Decision;
import io.sapl.interpreter.DefaultSAPLInterpreter;
import io.sapl.interpreter.combinators.PolicyDocumentCombiningAlgorithm;
import io.sapl.interpreter.functions.AnnotationFunctionContext;
import io.sapl.interpreter.pip.AnnotationAttributeContext;
import io.sapl.pdp.EmbeddedPolicyDecisionPoint;
import io.sapl.pdp.config.PDPConfiguration;
import io.sapl.prp.PolicyRetrievalPoint;
import io.sapl.prp.PrpUpdateEvent;
import io.sapl.prp.index.UpdateEventDrivenPolicyRetrievalPoint;
import io.sapl.prp.index.canonical.CanonicalImmutableParsedDocumentIndex;
import io.sapl.prp.index.naive.NaiveImmutableParsedDocumentIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;

public final class Peer {
    private static final String VERSION = "3.0.0";
    /** Above these, a pass of the linear scan, and building the canonical index, take minutes. */
    private static final int LARGEST_NAIVE = 1_000, LARGEST_CANONICAL = 1_000;

    // As in the other harnesses: limits on verifying, on timing, on one pass, and the length of a batch.
    private static final double VERIFY_NS = 10e9, TOTAL_NS = 3e9, PASS_NS = 1e9, BATCH_NS = 20e3;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static String document(JsonNode rule) {
        var name = rule.get("id");
        if (rule.get("effect").asText().equals("deny"))
            return "policy %s deny resource == %s & action == %s".formatted(name, rule.get("namespace"), rule.get("tool"));
        return ("policy %s permit subject.tenant == %s & resource == %s & action in %s & subject.issuer == %s "
                + "where subject.tier <= %s; subject.depth <= %s; subject.tier != 2 || subject.approval == \"approved\";")
                .formatted(name, rule.get("tenant"), rule.get("namespace"), rule.get("tools"), rule.get("issuer"),
                        rule.get("max_tier"), rule.get("max_depth"));
    }

    private static AuthorizationSubscription subscription(JsonNode request) {
        return new AuthorizationSubscription(request, request.get("tool"), request.get("namespace"), null);
    }

    private static EmbeddedPolicyDecisionPoint decisionPoint(List<String> documents, boolean canonical) throws Exception {
        var interpreter = new DefaultSAPLInterpreter();
        var attributes = new AnnotationAttributeContext();
        var functions = new AnnotationFunctionContext();
        var updates = documents.stream()
                .map(text -> new PrpUpdateEvent.Update(PrpUpdateEvent.Type.PUBLISH, interpreter.parseDocument(text)))
                .toList();
        UpdateEventDrivenPolicyRetrievalPoint empty = canonical
                ? new CanonicalImmutableParsedDocumentIndex(attributes, functions)
                : new NaiveImmutableParsedDocumentIndex();
        PolicyRetrievalPoint index = empty.apply(new PrpUpdateEvent(updates));
        var configuration = new PDPConfiguration("race", attributes, functions, Map.of(),
                PolicyDocumentCombiningAlgorithm.DENY_OVERRIDES, UnaryOperator.identity(), UnaryOperator.identity(), index);
        return new EmbeddedPolicyDecisionPoint(() -> Flux.just(configuration));
    }

    private static List<JsonNode> lines(Path path) throws IOException {
        var all = new ArrayList<JsonNode>();
        for (var line : Files.readAllLines(path)) all.add(JSON.readTree(line));
        return all;
    }

    private record Row(EmbeddedPolicyDecisionPoint pdp, List<AuthorizationSubscription> requests, List<Boolean> expected) {
        boolean permits(int i) {
            return pdp.decideOnce(requests.get(i)).block().getDecision() == Decision.PERMIT;
        }

        double verify(int count) {
            var started = System.nanoTime();
            for (int i = 0; i < count; i++) {
                if (permits(i) == expected.get(i)) continue;
                System.err.println("sapl: request " + i + " disagrees with expected.jsonl");
                System.exit(1);
            }
            return (double) (System.nanoTime() - started) / count;
        }

        void measure(String style, int size, double share) {
            verify(Math.min(2_000, (int) Math.max(20, share * VERIFY_NS / verify(20))));  // the compiler's warm-up
            var warm = verify(20);
            var checked = within(share * VERIFY_NS / warm);
            var count = within(share * PASS_NS / warm);
            var each = verify(checked);
            var batch = Math.min(Math.max((int) (BATCH_NS / each), 1), count);
            var passes = Math.max((int) (share * TOTAL_NS / (each * count)), 3);
            var batches = new ArrayList<Double>();
            for (int pass = 0; pass < passes; pass++)
                for (int from = 0; from + batch <= count; from += batch) batches.add(time(from, batch) / batch);
            var single = IntStream.range(0, count).mapToObj(i -> time(i, 1)).toList();
            System.out.println(JSON.createObjectNode().put("engine", "sapl").put("version", VERSION).put("style", style)
                    .put("size", size).put("requests", checked).put("agree", true)
                    .put("median_ns", percentile(batches, 50)).put("p99_ns", percentile(single, 99)));
        }

        private int within(double count) {
            return Math.min(Math.max((int) count, 50), expected.size());
        }

        private double time(int from, int count) {
            var permitted = 0;
            var started = System.nanoTime();
            for (int i = from; i < from + count; i++) permitted += permits(i) ? 1 : 0;
            var taken = System.nanoTime() - started;
            if (permitted > count) throw new AssertionError();
            return taken;
        }
    }

    private static double percentile(List<Double> values, int percent) {
        var sorted = values.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() * percent / 100, sorted.size() - 1));
    }

    public static void main(String[] args) throws Exception {
        var share = args.length > 2 && args[2].equals("quick") ? 0.2 : 1.0;
        for (var text : args[1].split(",")) {
            var size = Integer.parseInt(text);
            var folder = Path.of(args[0], text);
            if (size > Math.max(LARGEST_NAIVE, LARGEST_CANONICAL)) continue;
            var documents = new ArrayList<String>();
            for (var rule : JSON.readTree(folder.resolve("rules.json").toFile())) documents.add(document(rule));
            var requests = lines(folder.resolve("requests.jsonl")).stream().map(Peer::subscription).toList();
            var expected = lines(folder.resolve("expected.jsonl")).stream().map(e -> e.get("allow").asBoolean()).toList();
            if (size <= LARGEST_NAIVE)
                new Row(decisionPoint(documents, false), requests, expected).measure("naive index", size, share);
            if (size <= LARGEST_CANONICAL)
                new Row(decisionPoint(documents, true), requests, expected).measure("canonical index", size, share);
        }
    }
}
