"""The words of reasons: a sentence for each rule of the gate, a name for each fact.

Written as English messages that the catalogues translate. Each says what stands in the way, in the rule's terms;
a remedy is what the account itself can do. Where that is nothing, the sentence says who or what can change it.
"""
