/* Loads a sealed bundle, decides one request, and prints the decision: a minimal program that embeds Writ in C.
 * usage: embed BUNDLE REQUEST.json      (exit code: 0 permit, 1 not, 3 bad input, 4 files) */
#include <stdio.h>
#include <stdlib.h>

#include <writ/writ.h>

static char* read_file(const char* path, size_t* length) {
    FILE* file = fopen(path, "rb");
    char* bytes = NULL;
    long size = -1;
    if (file == NULL) return NULL;
    if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) bytes = malloc((size_t)size + 1);
    if (bytes != NULL) *length = fread(bytes, 1, (size_t)size, file);
    fclose(file);
    return bytes;
}

static void print_text(FILE* to, writ_text text) {
    fwrite(text.data, 1, text.length, to);
}

static void print_errors(const writ_errors* errors) {
    size_t i;
    for (i = 0; i < writ_errors_count(errors); ++i) {
        const writ_error error = writ_errors_at(errors, i);
        print_text(stderr, error.code);
        fputs(": ", stderr);
        print_text(stderr, error.message);
        fputs(" at ", stderr);
        print_text(stderr, error.context);
        fputc('\n', stderr);
    }
}

static void print_decision(const writ_decision* decision) {
    size_t i;
    if (writ_decision_effect(decision) == WRIT_PERMIT) {
        printf("permit for %lld s:", (long long)writ_decision_ttl(decision));
        for (i = 0; i < writ_decision_scope_count(decision); ++i) {
            putchar(' ');
            print_text(stdout, writ_decision_scope(decision, i));
        }
    } else {
        fputs(writ_decision_effect(decision) == WRIT_DENY ? "deny:" : "needs approval:", stdout);
        for (i = 0; i < writ_decision_reason_count(decision); ++i) {
            writ_reason reason = {.struct_size = sizeof reason};
            if (writ_decision_reason(decision, i, &reason) != WRIT_OK) continue;
            putchar(' ');
            print_text(stdout, reason.code);
        }
    }
    putchar('\n');
}

/* Decides one request document. In a broker the first three handles are made once per thread. */
static int decide(writ_bundle* bundle, writ_text json, writ_errors* errors) {
    writ_evaluator* evaluator = NULL;
    writ_request* request = NULL;
    writ_decision* decision = writ_decision_new();
    int code = 3;

    if (writ_evaluator_new(&bundle, 1, &evaluator, errors) == WRIT_OK &&
        writ_request_new(&bundle, 1, &request, errors) == WRIT_OK &&
        writ_request_parse(request, json, NULL, errors) == WRIT_OK &&
        writ_evaluate(evaluator, request, decision) == WRIT_OK) {
        print_decision(decision);
        code = writ_decision_effect(decision) == WRIT_PERMIT ? 0 : 1;
    } else {
        print_errors(errors);
    }
    writ_decision_free(decision);
    writ_request_free(request);
    writ_evaluator_free(evaluator);
    return code;
}

int main(int argc, char** argv) {
    size_t sealed_size = 0, json_size = 0;
    char *sealed, *json;
    writ_errors* errors = writ_errors_new();
    writ_bundle* bundle = NULL;
    int code = 3;

    if (argc != 3) {
        fputs("usage: embed BUNDLE REQUEST.json\n", stderr);
        return 2;
    }
    sealed = read_file(argv[1], &sealed_size);
    json = read_file(argv[2], &json_size);
    if (sealed == NULL || json == NULL) {
        fprintf(stderr, "cannot read %s\n", argv[sealed == NULL ? 1 : 2]);
        code = 4;
    } else if (writ_bundle_load(sealed, sealed_size, &bundle, errors) == WRIT_OK) {
        const writ_text document = {json, json_size};
        code = decide(bundle, document, errors);
    } else {
        print_errors(errors);
    }
    writ_bundle_free(bundle);
    writ_errors_free(errors);
    free(sealed);
    free(json);
    return code;
}
