#!/usr/bin/env perl
# Prints person_letters.def from the Unicode data that perl comes with.
# usage: engine/base/person_letters.pl > engine/base/person_letters.def
use strict;
use warnings;
use feature 'unicode_strings';

# Blocks whose letters people write names with. Scripts in which one word can be spelt in several ways that
# look the same (those with combining marks) are left out: their names cannot be compared safely.
my @blocks = (
    [Latin => 0x00C0, 0x024F], [Latin => 0x1E00, 0x1EFF], [Greek => 0x0386, 0x03CE], [Cyrillic => 0x0400, 0x052F],
    [Armenian => 0x0531, 0x0556], [Armenian => 0x0561, 0x0586], [Hebrew => 0x05D0, 0x05EA], [Arabic => 0x0620, 0x06D3], [Georgian => 0x10D0, 0x10FF],
    [Kana => 0x3041, 0x30FF], [Han => 0x3400, 0x4DBF], [Han => 0x4E00, 0x9FFF], [Hangul => 0xAC00, 0xD7A3],
);

sub belongs {
    my ($script, $c) = @_;
    return 0 unless $c =~ /\p{L}/ && $c =~ /\p{Identifier_Status=Allowed}/;
    return 0 unless $c =~ /\p{NFC_QC=Y}/ && $c =~ /\p{NFKC_QC=Y}/ && $c =~ /\p{ccc=0}/;
    return $c =~ /[\p{Script=Hiragana}\p{Script=Katakana}]/ if $script eq 'Kana';
    return $c =~ /\p{Script=$script}/;
}

my @rows;
for my $block (@blocks) {
    my ($script, $first, $last) = @$block;
    for my $code ($first .. $last) {
        next unless belongs($script, chr $code);
        my $lower = lc chr $code;
        my $delta = length $lower == 1 ? ord($lower) - $code : 0;
        my $row = @rows ? $rows[-1] : undef;
        my $next = $row && $row->{script} eq $script && $row->{last} == $code - 1;
        # Capital and small letter in turns.
        if ($next && $row->{fold} == 1 && $delta == 0 && ($code - $row->{first}) % 2 == 1) { $row->{last} = $code; next; }
        if ($next && $row->{fold} == 1 && $delta == 1 && ($code - $row->{first}) % 2 == 0) { $row->{last} = $code; next; }
        if ($next && $row->{fold} == $delta && $delta != 1) { $row->{last} = $code; next; }
        push @rows, {script => $script, first => $code, last => $code, fold => $delta};
    }
}

print "// Letters that names are compared by: LETTERS(script, first, last, fold), ascending.\n";
print "// fold: what is added to a capital letter for its small one; 0: none; 1: capital and small letters in turns.\n";
print "// Made by person_letters.pl; tests/person_letters.py holds it against Unicode.\n";
printf "LETTERS(%-8s 0x%04X, 0x%04X, %d)\n", "$_->{script},", $_->{first}, $_->{last}, $_->{fold} for sort { $a->{first} <=> $b->{first} } @rows;
