"""The classifiers that judge a training set."""

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

#: Name in the configuration -> function of a seed that returns an unfitted classifier.
CLASSIFIERS = {
    "lda": lambda seed: LinearDiscriminantAnalysis(),
    "logistic-regression": lambda seed: LogisticRegression(max_iter=2000, random_state=seed),
    "random-forest": lambda seed: RandomForestClassifier(n_estimators=200, random_state=seed),
    "nearest-neighbours": lambda seed: KNeighborsClassifier(n_neighbors=5),
}
